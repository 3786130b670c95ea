"""Texts that say a value is not known: N/A, null, -, unknown. They pass for one more category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import listed, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No text says that a value is missing."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1
WORDS = frozenset(
    {
        "",
        "-",
        "--",
        "---",
        ".",
        "?",
        "??",
        "n/a",
        "#n/a",
        "na",
        "n.a.",
        "n.a",
        "nan",
        "null",
        "(null)",
        "nil",
        "none",
        "missing",
        "(missing)",
        "unknown",
        "<unknown>",
        "unk",
        "undefined",
        "not available",
        "not applicable",
        "not known",
        "tbd",
        "tba",
        "empty",
        "(empty)",
        "(blank)",
        "blank",
        "#value!",
        "#ref!",
        "#div/0!",
        "\\n",
        "k. a.",
        "k.a.",
        "keine angabe",
        "s/o",
        "desconhecido",
        "inconnu",
    }
)


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns with such texts beside others."""
    for name, texts in table.texts.items():
        plain = texts.values["text"].str.strip_chars().str.to_lowercase()
        marks = texts.values.filter(plain.is_in(sorted(WORDS)))
        if marks.is_empty() or marks.height == texts.values.height:
            continue
        found = dict(zip(marks["text"].to_list(), marks["rows"].to_list(), strict=True))
        message = f"Column {name!r} holds texts that say a value is missing: {listed(found)}, in {marks['rows'].sum():,} rows."
        fix = proposed("set_missing", columns=[name], values=sorted(found))
        yield Found(name, message, int(marks["rows"].sum()), 0, fix, {"texts": found})
