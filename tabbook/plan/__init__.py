"""What there is to run: each section's job per framework, and its key."""
