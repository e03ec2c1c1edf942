"""A page's resolved tree in one framework, as pieces of Markdown with the code cells between them."""
