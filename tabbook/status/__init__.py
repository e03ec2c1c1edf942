"""How the jobs of a book stand: what the store has, what failed before, what is stale and why."""
