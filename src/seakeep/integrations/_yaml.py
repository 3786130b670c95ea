"""YAML as people review it: block style, keys in the order given, long texts as literal blocks, a comment on top.

Equal values give equal bytes: nothing is sorted, wrapped or anchored. Readers are of two ages: to YAML 1.1, which kubectl and many
others read, a plain `yes`, `off` or `12:30` is no text. Texts that either age would take for something else stand in quotes.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString, SingleQuotedScalarString

if TYPE_CHECKING:
    from collections.abc import Iterable

_OF_1_1 = re.compile(
    r"y|n|yes|no|on|off|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?|[-+]?[0-9][0-9_,]*(\.[0-9_]*)?(e[-+]?[0-9]+)?|0[xb][0-9a-f_]+|=|<<",
    re.IGNORECASE,
)
"""Texts that YAML 1.1 takes for a truth value, a number, or a number to the base of 60; those of 1.2 are known to ruamel.yaml."""
_KEY_AS_IT_IS = "on"
"""GitHub's workflows begin with it and are read as YAML 1.2; nothing else that is exported has such a key."""


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
        return {key if key == _KEY_AS_IT_IS else _quoted(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, str) and "\n" in value:
        return LiteralScalarString(value)
    return _quoted(value)


def _quoted(value: object) -> object:
    """A text in quotes, where an older reader would take it for something else."""
    return SingleQuotedScalarString(value) if isinstance(value, str) and _OF_1_1.fullmatch(value) else value
