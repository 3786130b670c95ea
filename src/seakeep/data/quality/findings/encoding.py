"""Broken text: UTF-8 read as Windows-1252 (Ã©), lost bytes (U+FFFD), byte order marks, control characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.kinds import Kind
from seakeep.data.cleaning.encodings import CONTROLS, INVISIBLE, MOJIBAKE, REPLACEMENT, turned_back
from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import EXAMPLES, listed, proposed, some

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Part, Table

MEANING = "No text is broken."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 1
FAULTS = {"mojibake": MOJIBAKE, "replacement": REPLACEMENT, "control": CONTROLS, "invisible": INVISIBLE}
WORDS = {
    "mojibake": "UTF-8 that was read as Windows-1252",
    "replacement": "U+FFFD, which stands for lost bytes",
    "control": "control characters",
    "invisible": "byte order marks or other signs nobody sees",
}
ANY = "|".join(FAULTS.values())


class _Look:
    """Counts broken texts by column and fault, over all rows."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        self.rows: dict[tuple[str, str], int] = {}
        self.examples: dict[tuple[str, str], list[str]] = {}

    def see(self, rows: pl.DataFrame, first: int, part: Part) -> None:  # noqa: ARG002  (Look's shape)
        """Count the faults; a batch without any costs one search a column."""
        for name in self.names if part == "table" else ():
            texts = rows[name].cast(pl.String).drop_nulls()
            odd = texts.filter(texts.str.contains(ANY))
            for fault, pattern in FAULTS.items() if len(odd) else ():
                hits = odd.filter(odd.str.contains(pattern))
                if len(hits):
                    self.rows[name, fault] = self.rows.get((name, fault), 0) + len(hits)
                    kept = self.examples.setdefault((name, fault), [])
                    kept += [text[:80] for text in hits.head(EXAMPLES) if len(kept) < EXAMPLES]


def look(table: Table) -> _Look | None:
    """Looks at every text of the table."""
    names = list(table.columns(Kind.STRING))
    return _Look(names) if names else None


def find(table: Table, look: _Look | None) -> Iterator[Found]:
    """A fact for each column and fault. What looks like UTF-8 in the wrong table must turn back into fewer signs to be one."""
    for (name, fault), rows in look.rows.items() if look else ():
        examples = look.examples[name, fault] if look else []
        if fault == "mojibake" and all(turned_back(text) == text for text in examples):
            continue
        message = f"Column {name!r}: {rows:,} texts hold {WORDS[fault]}: {listed(examples)}."
        lost = "The bytes are lost: read the file again with its own encoding (encoding=…)."
        fix = lost if fault == "replacement" else proposed("fix_encoding", columns=[name])
        yield Found(
            name, message, rows, 0, fix, {"fault": fault, "rows": rows, "of": table.rows, "examples": some(examples)}
        )
