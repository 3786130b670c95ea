"""CSV as clouds send it: lines of values to rows, and answers to lines without a header."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import msgspec

from seakeep.core.kinds import Kind
from seakeep.serving.server.delimited import READERS, cell, table, titled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.core.model import Input


def rows(body: bytes, inputs: Sequence[Input], *, header: bool | None) -> bytes:
    """The rows as JSON objects, an array.

    header: whether the first line has the columns' names; None for what it looks like: it is one if every value in it is the name
        of an input. Without one, places are the model's inputs in their order. Raises Refusal.
    """
    own = [one.name for one in inputs]
    names, found = titled(table(body), own, own, header=header)
    kinds = {one.name: one.kind for one in inputs}
    read = [READERS[kinds.get(name, Kind.STRING)] for name in names]
    made = [{name: one(value) for name, one, value in zip(names, read, row, strict=True)} for row in found]
    return msgspec.json.encode(made)


def lines(content: bytes) -> bytes:
    """An answer of rows as CSV: `value`; or the label, then each class's probability in the order of the classes."""
    written = io.StringIO()
    write = csv.writer(written, lineterminator="\n").writerow
    for one in msgspec.json.decode(content)["predictions"]:
        cells = [one["value"]] if "value" in one else [one["label"], *one["probabilities"].values()]
        write([cell(value) for value in cells])
    return written.getvalue().encode()
