"""The figures of the book: a script for each, and beside it the SVG that it draws."""
