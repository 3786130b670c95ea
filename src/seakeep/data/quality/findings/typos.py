"""Categories that are one letter away from a far more frequent one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.data.quality.finding import Found
from seakeep.data.quality.telling import listed, proposed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.data.quality.finding import Look, Table

MEANING = "No rare category is a typing error away from a frequent one."
COST = "rows"
NEEDS: tuple[str, ...] = ()
LEAST_ROWS = 100
MOST_LEVELS, SHORTEST, FACTOR = 2000, 5, 50


def find(table: Table, look: Look | None) -> Iterator[Found]:  # noqa: ARG001  (of rows it needs none)
    """Rare texts of at least five letters, without digits, that become a text FACTOR times as frequent by one letter more, less, other or
    exchanged with its neighbour; in columns of at most 2,000 different texts.
    """
    for name, texts in table.texts.items():
        levels = texts.values.filter(~pl.col("text").str.contains(r"\d") & (pl.col("text").str.len_chars() >= SHORTEST))
        if (
            not texts.exact
            or texts.values.height > MOST_LEVELS
            or texts.rows < 2 * texts.values.height
            or levels.height < 2
        ):
            continue
        near = _near(dict(zip(levels["text"].to_list(), levels["rows"].to_list(), strict=True)))
        if near:
            told = [f"{wrong} ({right}?)" for wrong, right in near.items()]
            message = (
                f"Column {name!r}: {len(near):,} rare categories are a letter away from a frequent one: {listed(told)}."
            )
            fix = f"Look at them; if they are typing errors: {proposed('replace', columns=[name], to=near)}"
            yield Found(name, message, len(near), 0, fix, {"categories": near})


def _near(levels: dict[str, int]) -> dict[str, str]:
    """The frequent neighbour of each rare text; both by what remains when a letter is left out."""
    ways: dict[str, list[str]] = {}
    for text in levels:
        for way in _ways(text.lower()):
            ways.setdefault(way, []).append(text)
    found: dict[str, str] = {}
    for text, rows in levels.items():
        others = {each for way in _ways(text.lower()) for each in ways[way] if levels[each] >= FACTOR * rows}
        right = [each for each in others if each.lower() != text.lower() and _one_apart(text.lower(), each.lower())]
        if right:
            found[text] = max(right, key=lambda each: (levels[each], each))
    return found


def _ways(text: str) -> set[str]:
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours exchanged, make them equal."""
    if len(one) > len(other):
        one, other = other, one
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one))
    if len(one) != len(other):
        return len(other) - len(one) == 1 and one[start:] == other[start + 1 :]
    exchanged = one[start : start + 2] == other[start : start + 2][::-1] and one[start + 2 :] == other[start + 2 :]
    return one[start + 1 :] == other[start + 1 :] or exchanged
