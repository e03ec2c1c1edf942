"""Stage 1: the text of a section becomes a :class:`~tabbook.model.Section`."""
