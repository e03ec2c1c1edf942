"""Run what is stale: plan, take what the store has, execute the rest, keep every good result."""
