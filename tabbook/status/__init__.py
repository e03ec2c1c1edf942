"""The status of a book's jobs: what the store has, what failed before, what is stale and why."""
