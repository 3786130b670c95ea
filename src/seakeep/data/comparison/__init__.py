"""Comparing two tables by their statistics: drift, and what moved."""
