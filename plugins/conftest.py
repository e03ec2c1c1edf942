"""Fixtures of the plugins' tests: those of the toolchain's own."""

from shared_fixtures import books_have_their_own_language, jobs_may_leave_notes

__all__ = ["books_have_their_own_language", "jobs_may_leave_notes"]
