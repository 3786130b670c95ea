"""What several errors of reading say in the same words."""

from __future__ import annotations


def first_line(reason: str) -> str:
    """The first line of what a library says that is not empty."""
    lines = [line.strip() for line in reason.splitlines() if line.strip()]
    return lines[0] if lines else "no reason given"
