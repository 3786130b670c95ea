"""Annotation tags by which a contract that went out to TFMD comes back whole: the kind of a timestamp, a column's role.

TFMD keeps tags for their writers; TFDV shows and ignores them. Ours begin with `seakeep.`: "seakeep.kind:timestamp".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "seakeep."
ROLES = ("label", "time", "key")


def write(key: str, value: str) -> str:
    """The tag that says `value` of `key`.

    >>> write("kind", "timestamp")
    'seakeep.kind:timestamp'
    """
    return f"{PREFIX}{key}:{value}"


def read(tags: Iterable[str]) -> dict[str, str]:
    """What our tags among these say; the last of a key counts.

    >>> read(["user_feature", "seakeep.kind:timestamp"])
    {'kind': 'timestamp'}
    """
    ours = (tag.removeprefix(PREFIX).partition(":") for tag in tags if is_ours(tag))
    return {key: value for key, _, value in ours}


def is_ours(tag: str) -> bool:
    """Whether a tag is one of those that `write` makes."""
    return tag.startswith(PREFIX) and ":" in tag
