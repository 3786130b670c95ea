"""Checking: a release is served in a process of its own and asked for what it knows, before it is let near traffic."""

from __future__ import annotations

from seakeep.serving.checking.report import Limits, check

__all__ = ["Limits", "check"]
