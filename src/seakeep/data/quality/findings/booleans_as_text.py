"""True and false as words, in more spellings than two: yes, Y, true, 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.data.quality.finding import Found
from seakeep.data.quality.findings.placeholders import WORDS
from seakeep.data.quality.telling import listed, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table, Texts

MEANING = "No column of text says true and false in several spellings."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 2
MOST_SPELLINGS = 24
YES = frozenset({"true", "t", "yes", "y", "1", "on", "ja", "oui", "si", "sim"})
NO = frozenset({"false", "f", "no", "n", "0", "off", "nein", "non", "não"})


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Columns all of whose texts say yes or no, with more than one spelling for one of them."""
    for name, texts in table.texts.items():
        if not is_boolean(texts):
            continue
        spelt = sorted(text for text in texts.values["text"].to_list() if text.strip().lower() not in WORDS)
        message = f"Column {name!r} says true and false in {len(spelt):,} spellings: {listed(spelt)}."
        yes, no = (sorted({text.strip().lower() for text in spelt} & words) for words in (YES, NO))
        fix = proposed("parse_booleans", columns=[name], spelt_true=yes, spelt_false=no, missing=_others(texts))
        yield Found(name, message, len(spelt), 2, fix, {"spellings": spelt})


def is_boolean(texts: Texts) -> bool:
    """Whether a column's texts all say yes or no, placeholders aside, in more than two ways."""
    if not 3 <= texts.values.height <= MOST_SPELLINGS:
        return False
    spelt = [text.strip() for text in texts.values["text"].to_list() if text.strip().lower() not in WORDS]
    plain = {text.lower() for text in spelt}
    return len(set(spelt)) > 2 and plain <= YES | NO and bool(plain & YES) and bool(plain & NO)


def _others(texts: Texts) -> list[str]:
    return [
        "",
        *sorted(text for text in texts.values["text"].to_list() if text.strip() and text.strip().lower() in WORDS),
    ]
