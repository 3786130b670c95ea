"""YAML as anybody's reader sees it."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML


def read(text: str) -> Any:
    """The one document of a text."""
    return YAML(typ="safe").load(text)
