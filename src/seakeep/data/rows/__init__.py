"""Judging rows one by one: an expression language for contracts, quarantine, references, and skew by key."""
