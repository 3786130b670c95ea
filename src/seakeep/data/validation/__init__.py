"""Judging a table by its contract."""
