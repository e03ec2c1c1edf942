"""The outputs store: one file per key, found by the key alone, proved by its own hash."""
