"""Markdown whose cells hold anything: names from data cannot break a table, open HTML or start a heading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.codec import Scalar
    from seakeep.core.report import Table

# An underscore between letters starts nothing, and names are full of them.
_SPECIAL = re.compile(r"([\\`*{}\[\]<>|~#!&]|(?<![^\W_])_|_(?![^\W_]))")


def escaped(text: str) -> str:
    r"""`text` as it stands, on one line, whatever Markdown would make of it.

    >>> print(escaped("a|b <script> *c* roc_auc _d_"))
    a\|b \<script\> \*c\* roc_auc \_d\_
    """
    return _SPECIAL.sub(r"\\\1", figures.visible(text))


def code(text: str) -> str:
    """`text` as code on one line, fenced by more backticks than it holds.

    >>> code("a`b")
    '``a`b``'
    """
    shown = figures.visible(text)
    longest = max((len(run) for run in re.findall(r"`+", shown)), default=0)
    fence = "`" * (longest + 1)
    room = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{fence}{room}{shown}{room}{fence}"


def grid(columns: Sequence[str], rows: Sequence[Sequence[Scalar]]) -> str:
    """A table; columns that hold numbers are set to the right."""
    numeric = [
        any(isinstance(row[i], int | float) and not isinstance(row[i], bool) for row in rows)
        for i in range(len(columns))
    ]
    lines = [
        _row([escaped(name) for name in columns]),
        _row(["---:" if n else "---" for n in numeric]),
    ]
    lines += [_row([escaped(figures.scalar(value)) if value != "" else "" for value in row]) for row in rows]
    return "\n".join(lines) + "\n"


def table(noun: Table, *, rows: int | None = None) -> str:
    """A report's table, its note below; at most `rows` rows, and how many were left out."""
    shown = noun.rows if rows is None else noun.rows[:rows]
    parts = [grid([name.replace("_", " ") for name in noun.columns], shown)]
    if len(shown) < len(noun.rows):
        parts.append(f"{figures.number(len(noun.rows) - len(shown))} more in the report.\n")
    if noun.note:
        parts.append(escaped(noun.note) + "\n")
    return "\n".join(parts)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
