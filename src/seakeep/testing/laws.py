"""Laws that a conformance suite holds a plug-in to: a broken one is an AssertionError with the law and what was found."""

from __future__ import annotations


def hold(held: bool, law: str, found: object) -> None:
    """Raise AssertionError, unless the law is held."""
    if not held:
        raise AssertionError(f"{law}; found {found!r}")
