"""Stage 3: the statements of a cell that are marked ``#@save``, whole and by syntax."""
