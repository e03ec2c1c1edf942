"""What readers take away, one framework at a time: notebooks, slides and Markdown.

Everything is made in memory, as the bytes of files by name, and written at the end: whatever is
wrong is found before anything is touched.
"""

SITE_FOLDER = "_exports"
"""The folder of the site that has the exports."""
