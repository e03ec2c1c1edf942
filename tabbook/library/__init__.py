"""The library on disk: ``d2l_lib/`` generated from the book, checked before it replaces itself."""
