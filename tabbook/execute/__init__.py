"""Execute one job: a section's cells, in its framework's kernel, in a scratch folder."""
