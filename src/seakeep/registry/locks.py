"""The registry's locks are those of core.locks: one holder of a home alone, or several beside each other."""

from __future__ import annotations

from seakeep.core.locks import alone, holder, shared

__all__ = ["alone", "holder", "shared"]
