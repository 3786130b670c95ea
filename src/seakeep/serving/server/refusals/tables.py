"""Rows by place, CSV and answers that a cloud's contract does not hold. Raised by `dialects`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

_LISTED = 20


class BadTable(Refusal):
    """Rows in a form that only dialects take."""

    @classmethod
    def width(cls, field: str, found: int, names: Sequence[str]) -> BadTable:
        listed = ", ".join(names[:_LISTED]) + (", …" if len(names) > _LISTED else "")
        return cls(
            "wrong_shape",
            f"{field} has {found} values, expected {len(names)}",
            field=field[:SHOWN],
            found=f"{found} values",
            expected=f"in this order: {listed}",
            fix="Send a value for each of them, null where one is missing; or objects with the columns' names.",
        )

    @classmethod
    def csv(cls, problem: str, line: int) -> BadTable:
        return cls(
            "malformed_csv",
            f"the body is not CSV: {problem} at line {line}",
            field="body",
            found=f"line {line}",
            expected='CSV (RFC 4180) in UTF-8, a row a line, with " around values that have a comma',
            fix='Write a quotation mark within a value as "", or send application/json.',
        )

    @classmethod
    def twice(cls, name: str) -> BadTable:
        return cls(
            "duplicate_input",
            f"column {shown(name)} is given more than once",
            field=name[:SHOWN],
            found="two columns of that name",
            expected="one",
            fix="Send one of them.",
        )

    @classmethod
    def answer_too_large(cls, found: int, limit: int, contract: str) -> BadTable:
        return cls(
            "answer_too_large",
            f"the answer has {found} bytes, more than the {limit} that {contract} lets through",
            status=413,
            field="instances",
            found=f"{found} bytes",
            expected=f"at most {limit} bytes",
            fix="Send fewer instances at once.",
        )

    @classmethod
    def no_explanations(cls, path: str) -> BadTable:
        return cls(
            "unknown_path",
            "this server explains no predictions",
            status=404,
            field="path",
            found=path[:SHOWN],
            expected="…:predict",
            cause="A server loads the graph alone; explanations are part of a release's evaluation.",
            fix="See which features matter: seakeep show NAME --html FILE",
        )
