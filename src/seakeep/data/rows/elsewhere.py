"""Judging rows on an engine: workers count what is broken in their rows and keep the first examples; the driver adds.

Called by `judge`. The plan goes to the workers as a description: its expressions, and the keys of its lookups, which the driver has
looked at first. What they do is `look`, on the rows of a unit; counts add exactly and examples come in the table's order, so the
report is the same on any engine.
"""

from __future__ import annotations

import json
import time
from base64 import b64decode
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.codec import to_json
from seakeep.core.dataset import Dataset
from seakeep.data.engines import ROWS, NotDescribable, as_text, counts_of, each, from_text, packed, unpacked
from seakeep.data.frames import schema_of
from seakeep.data.rows.counting import ROW, Counts, Found, look
from seakeep.data.sources.memory import MemorySource

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.data.engines import Call, Engine
    from seakeep.data.rows.plan import Plan

_PLAN = "plan"


def look_on(
    engine: Engine,
    plan: Plan,
    dataset: Dataset,
    *,
    examples: int,
    progress: Callable[[int, float, float], None] | None,
) -> Found:
    """What `look` finds, found by an engine's workers; here, where a rule calls Python. Raises: as data.engines.each."""
    try:
        sent = {_PLAN: as_text(replace(plan, checks=())).encode()}
    except NotDescribable:
        return look(plan, dataset, examples=examples, progress=progress)
    started, counts = time.perf_counter(), counts_of(engine, dataset)
    zero = (0,) * len(plan.criteria)
    total = _Total(Counts(0, zero, zero), examples)
    given = to_json({"examples": examples}, indent=None)
    columns = _columns(plan, dataset)
    for answer in each(engine, dataset, looked, rows=ROWS, columns=columns, given=given, files=sent, counts=counts):
        total.add(answer)
        if progress:
            done = total.counts.rows
            progress(done, done / max(1, sum(counts)), time.perf_counter() - started)
    return Found(total.counts, tuple(counts), total.broken_rows, total.found)


def looked(frame: pl.DataFrame, call: Call) -> bytes:
    """On a worker: what `look` finds in these rows, by their numbers in the table."""
    plan: Plan = from_text(call.files[_PLAN].decode())
    most = json.loads(call.given)["examples"]
    found = look(plan, Dataset(MemorySource.of(frame)), examples=most, progress=None, is_part=True)
    shown = {at: packed(_numbered(some, call.begin)) for at, some in found.examples.items()}
    told = {"counts": found.counts, "broken_rows": found.broken_rows, "examples": shown}
    return to_json(told, indent=None).encode()


def _numbered(frame: pl.DataFrame, begin: int) -> pl.DataFrame:
    return frame.with_columns((pl.col(ROW) + begin).cast(frame.schema[ROW]))


def _columns(plan: Plan, dataset: Dataset) -> list[str] | None:
    """The columns that the plan speaks of; None where it speaks of none, since rows are counted then too."""
    asked = [part for each in plan.criteria for part in (each.broken, each.asked) if part is not None]
    asked += [part for lookup in plan.lookups for part in lookup.on]
    named = {name for part in asked for name in part.meta.root_names()}
    named |= {name for criterion in plan.criteria for name in criterion.columns}
    return [name for name in schema_of(dataset) if name in named] or None


@dataclass(slots=True)
class _Total:
    """What the units so far add up to."""

    counts: Counts
    most: int
    broken_rows: int = 0
    found: dict[int, pl.DataFrame] = field(default_factory=dict)

    def add(self, answer: bytes) -> None:
        told = json.loads(answer)
        counts = told["counts"]
        self.counts += Counts(counts["rows"], tuple(counts["broken"]), tuple(counts["asked"]))
        self.broken_rows += told["broken_rows"]
        for at, content in told["examples"].items():
            some = unpacked(b64decode(content))
            before = self.found.get(int(at))
            self.found[int(at)] = (some if before is None else pl.concat([before, some])).head(self.most)
