"""Stage 2: a section reduced to one framework, as its readers see, run and download it."""
