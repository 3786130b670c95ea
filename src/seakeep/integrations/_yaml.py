"""YAML as people review it: block style, keys in the order given, long texts as literal blocks, a comment on top.

Equal values give equal bytes: nothing is sorted, wrapped or anchored.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

if TYPE_CHECKING:
    from collections.abc import Iterable


def document(value: object, *, head: str = "") -> str:
    """One document. value: mappings, sequences and scalars. head: lines of a comment above it, without "#"."""
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 10_000
    yaml.indent(mapping=2, sequence=4, offset=2)
    yaml.representer.ignore_aliases = lambda _: True
    written = io.StringIO()
    yaml.dump(_plain(value), written)
    return comment(head) + written.getvalue()


def documents(values: Iterable[object], *, head: str = "") -> str:
    """Several documents in one file."""
    return comment(head) + "---\n".join(document(value) for value in values)


def comment(text: str) -> str:
    """Lines of `text` as a comment; nothing for no text."""
    return "".join(f"# {line}".rstrip() + "\n" for line in text.splitlines())


def _plain(value: object) -> object:
    """Mappings and lists as YAML takes them; texts of several lines as literal blocks."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return value
