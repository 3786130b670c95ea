"""Contracts as they are usually written, composed line by line: some ten times as fast as a YAML parser, for tables of thousands of columns.

Called by `reading`, before `nodes.compose`. Taken are keys and values of a line each, indented blocks of them, and lists and mappings in brackets; whatever
else YAML knows (anchors, tags, blocks of text, two documents) gives None, and the parser is asked. What is hard is to mean the same: what is taken has the
nodes that ruamel.yaml composes, types told by its own resolver. They know no lines; whoever finds something wrong composes again, to tell where.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.nodes import compose

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST = 100
_WORD = r"[-+]?\.?\w+(?:[-+. ]\w+)*"
_QUOTED = r'"[^"\\\n]*"'
_ITEM = rf"(?:{_WORD}|{_QUOTED})"
_LINE = re.compile(rf'( *)({_WORD}|"(?:[^"\\]|\\.)*"):(?: +(.*))?')
_VALUE = re.compile(rf"({_WORD}(?::\w+)*)(?: +#.*| *)")
_LIST = re.compile(rf"\[ *(?:{_ITEM}(?: *, *{_ITEM})*(?: *,)?)? *\] *(?: #.*)?")
_PAIRS = re.compile(rf"\{{ *(?:{_ITEM}: +{_ITEM}(?: *, *{_ITEM}: +{_ITEM})*)? *\}} *(?: #.*)?")
_PAIR = re.compile(rf"({_ITEM}): +({_ITEM})")
_ONE = re.compile(_ITEM)
_STRANGE = re.compile(
    "[^\n\x20-\x7e\u00a1-\u1fff\u2010-\u2027\u2030-\ud7ff\U00010000-\U0001f9ff]|^(?:---|\\.\\.\\.|%)", re.MULTILINE
)
_LONGEST_KEY = 1000


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where a node stands: not known."""

    line: int = 0


_NOWHERE = _Mark()


class _NotPlainError(Exception):
    """A text that needs a parser."""


def compose_plain(text: str) -> Node | None:
    """The nodes of a contract without their lines; None for one that is written in another way."""
    if _STRANGE.search(text):
        return None
    try:
        return _block(text)
    except _NotPlainError:
        return None


def _block(text: str) -> MappingNode:
    root = _mapping()
    opened = [(0, root)]
    waiting: list[tuple[Node, Node]] | None = None  # of the key whose block must come next
    lines = iter(text.split("\n"))
    for line in lines:
        if not (bare := line.lstrip(" ")) or bare.startswith("#"):
            continue
        found = _LINE.fullmatch(line)
        if found is None or len(found[2]) > _LONGEST_KEY:
            raise _NotPlainError(line)
        indent = len(found[1])
        if waiting is not None:
            if indent <= opened[-1][0] or len(opened) > DEEPEST:
                raise _NotPlainError(line)
            inner = _mapping()
            waiting[-1] = (waiting[-1][0], inner)
            opened.append((indent, inner))
        while indent < opened[-1][0]:
            opened.pop()
        if indent != opened[-1][0]:
            raise _NotPlainError(line)
        entries, value = opened[-1][1].value, found[3]
        waiting = entries if not value or value.startswith("#") else None  # `key: # said` as well
        entries.append((_key(found[2]), root if waiting is not None else _value(value, indent, lines)))
    if waiting is not None or not root.value:
        raise _NotPlainError(text[-80:])
    return root


def _key(text: str) -> Node:
    return _scalar(text) if text[0] != '"' else _composed(text)


def _value(text: str, indent: int, lines: Iterator[str]) -> Node:
    """The node of what stands behind a key; a list that is not closed goes on to the line that closes it."""
    found = _VALUE.fullmatch(text)
    if found is not None:
        return _scalar(found[1])
    if text[0] == "[" and text.rstrip() == "[":
        text = _joined(indent, lines)
    if _LIST.fullmatch(text):
        return _sequence([_scalar(each) for each in _ONE.findall(_uncommented(text))])
    if _PAIRS.fullmatch(text):
        return _mapping([(_scalar(key), _scalar(value)) for key, value in _PAIR.findall(_uncommented(text))])
    if text[0] not in "\"'[{":
        raise _NotPlainError(text)
    return _composed(text)


def _uncommented(text: str) -> str:
    """A list or mapping without the comment behind it; no sign of a comment or bracket stands unquoted within."""
    closing = "]" if text[0] == "[" else "}"
    outside = re.sub(_QUOTED, lambda quoted: "x" * len(quoted[0]), text)
    return text[: outside.index(closing)]


def _joined(indent: int, lines: Iterator[str]) -> str:
    found = ["["]
    for line in lines:
        bare = line.strip(" ")
        if bare == "]" and len(line) - len(line.lstrip(" ")) == indent:
            return " ".join((*found, "]"))
        if not bare or len(line) - len(line.lstrip(" ")) <= indent:
            break
        found.append(bare)
    raise _NotPlainError(found[-1])


@functools.lru_cache(maxsize=4096)
def _scalar(text: str) -> ScalarNode:
    """A word, or a text in quotes without an escape."""
    if text[0] == '"':
        return ScalarNode(_tag("", plain=False), text[1:-1], _NOWHERE, _NOWHERE, style='"')
    return ScalarNode(_tag(text, plain=True), text, _NOWHERE, _NOWHERE)


def _tag(text: str, *, plain: bool) -> object:
    return _resolver().resolve(ScalarNode, text, (plain, not plain))


@functools.lru_cache(maxsize=1)
def _resolver() -> Any:
    return YAML(typ="safe", pure=True).resolver


@functools.lru_cache(maxsize=4096)
def _composed(text: str) -> Node:
    """The node of what a parser must read, which stands on its line alone."""
    try:
        node = compose(f"key: {text}", "")
    except BadContract:
        raise _NotPlainError(text) from None
    if not isinstance(node, MappingNode) or len(node.value) != 1:
        raise _NotPlainError(text)
    value: Node = node.value[0][1]
    return value


def _mapping(entries: list[tuple[Node, Node]] | None = None) -> MappingNode:
    return MappingNode(_collection(MappingNode), entries or [], _NOWHERE, _NOWHERE)


def _sequence(items: list[ScalarNode]) -> SequenceNode:
    return SequenceNode(_collection(SequenceNode), items, _NOWHERE, _NOWHERE)


@functools.lru_cache(maxsize=2)
def _collection(kind: type[Node]) -> object:
    return _resolver().resolve(kind, None, True)
