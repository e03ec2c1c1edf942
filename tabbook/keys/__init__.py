"""The one definition of stale: a job's key, made from everything that can change its outputs."""
