"""Stage 5: one page of a section again, from its projections and what running them gave."""
