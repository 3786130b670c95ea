"""Inputs that break the model's contract: names, datatypes, shapes, rows and values. Raised by `careful` and `columns`.

The words name the input and the row, and say what the contract allows there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import nearest
from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class BadInput(Refusal):
    """An input that the contract does not let in."""

    @classmethod
    def long_key(cls, field: str, found: str, most: int) -> BadInput:
        return cls(
            "wrong_key",
            f"{field} has {len(found)} characters, expected at most {most}",
            field=field,
            found=shown(found),
            expected=f"at most {most} characters",
            cause="A key names whom or what a request is about; it is written beside every row of the request.",
            fix="Send an id, or a digest of what is longer.",
        )

    @classmethod
    def unknown_input(cls, name: str, known: Sequence[str], model: str) -> BadInput:
        near = nearest(name[:SHOWN], known)
        return cls(
            "unknown_input",
            f"the model {model!r} has no input {shown(name)}",
            field=name[:SHOWN],
            found=name[:SHOWN],
            expected="one of " + ", ".join(known),
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"Rename it to {near!r}." if near else f"Leave it out; GET /v2/models/{model} lists the inputs.",
        )

    @classmethod
    def not_an_input(cls, name: str, why: str) -> BadInput:
        return cls(
            "not_an_input",
            f"column {name!r} is {why}, so it cannot be an input",
            field=name,
            found=name,
            expected="columns that are known when the prediction is asked for",
            fix=f"Leave {name!r} out.",
        )

    @classmethod
    def missing_input(cls, name: str, expected: str, *, row: int | None = None) -> BadInput:
        return cls(
            "missing_input",
            f"input {name!r} is missing{'' if row is None else f' from row {row}'}",
            field=name,
            found="nothing",
            expected=expected,
            fix=f"Add {name!r}: {expected}.",
        )

    @classmethod
    def duplicate(cls, name: str) -> BadInput:
        return cls(
            "duplicate_input",
            f"input {name!r} is given more than once",
            field=name,
            found="two tensors of that name",
            expected="one",
            fix="Send one of them.",
        )

    @classmethod
    def unknown_output(cls, name: str, known: Sequence[str]) -> BadInput:
        near = nearest(name[:SHOWN], known)
        return cls(
            "unknown_output",
            f"there is no output {shown(name)}",
            field="outputs",
            found=name[:SHOWN],
            expected="some of " + ", ".join(known),
            fix=f"Ask for {near!r}." if near else 'Leave "outputs" out to get all.',
        )

    @classmethod
    def datatype(cls, name: str, found: object, expected: Sequence[str]) -> BadInput:
        return cls(
            "wrong_datatype",
            f"input {name!r} has the datatype {shown(found)}, expected {' or '.join(expected)}",
            field=name,
            found=found,
            expected=" or ".join(expected),
            fix=f'Send "datatype": "{expected[0]}", and data of that type.',
        )

    @classmethod
    def shape(cls, name: str, found: object, count: int) -> BadInput:
        return cls(
            "wrong_shape",
            f"input {name!r} claims the shape {shown(found)}, but its data has {count} values",
            field=name,
            found=found,
            expected=f"[{count}] or [{count}, 1]",
            fix=f'Send "shape": [{count}], or the data that the shape claims.',
        )

    @classmethod
    def rows_differ(cls, name: str, rows: int, other: str, other_rows: int) -> BadInput:
        return cls(
            "wrong_rows",
            f"input {name!r} has {rows} rows, {other!r} has {other_rows}",
            field=name,
            found=f"{rows} rows",
            expected=f"{other_rows} rows",
            fix="Send as many values for every input.",
        )

    @classmethod
    def no_rows(cls, field: str) -> BadInput:
        return cls(
            "wrong_rows",
            f"{field} has no rows",
            field=field,
            found="0 rows",
            expected="at least 1 row",
            fix="Send a row, or no request.",
        )

    @classmethod
    def too_many_rows(cls, rows: int, limit: int) -> BadInput:
        return cls(
            "too_many_rows",
            f"the request has {rows} rows, more than the limit of {limit}",
            status=413,
            field="rows",
            found=f"{rows} rows",
            expected=f"at most {limit} rows",
            fix="Send several requests, score a table with seakeep score, or serve with a larger row_limit.",
        )

    @classmethod
    def too_many_values(cls, found: int, most: int, rows: int) -> BadInput:
        return cls(
            "too_many_rows",
            f"the body has {found} values or rows, more than the {most} of a request of at most {rows} rows",
            status=413,
            field="rows",
            found=f"{found} values or rows",
            expected=f"at most {most}, of at most {rows} rows",
            fix="Send several requests, score a table with seakeep score, or serve with a larger row_limit.",
        )

    @classmethod
    def value(cls, name: str, row: int, found: object, expected: str) -> BadInput:
        return cls(
            "wrong_value",
            f"input {name!r} is {shown(found)} in row {row}, expected {expected}",
            field=name,
            found=found,
            expected=expected,
            fix=f"Send {expected}, or null where it is missing.",
        )

    @classmethod
    def missing_value(cls, name: str, row: int, expected: str, policy: str) -> BadInput:
        allowed = "the schema allows no missing value" if policy == "schema" else "this server lets no missing value in"
        return cls(
            "missing_value",
            f"input {name!r} is null in row {row}, but {allowed}",
            field=name,
            found="null",
            expected=expected,
            fix=f"Send a value; or set missing_at_most above 0 for {name!r} in the schema, or serve with missing='accept'.",
        )

    @classmethod
    def outside(cls, name: str, row: int, found: object, expected: str) -> BadInput:
        return cls(
            "outside_domain",
            f"input {name!r} is {shown(found)} in row {row}, outside of what the schema allows",
            field=name,
            found=found,
            expected=expected,
            fix="Send an allowed value, or serve with domain='accept' to score it as unseen.",
        )

    @classmethod
    def broken_rule(cls, name: str, holds: str, row: int) -> BadInput:
        return cls(
            "broken_rule",
            f"row {row} breaks the schema's rule {name!r}",
            field=name,
            found=f"row {row}",
            expected=holds,
            fix="Send values that keep the rule, or serve with rules='accept' or rules='mark'.",
        )

    @classmethod
    def reserved(cls, name: str, row: int, found: object) -> BadInput:
        return cls(
            "reserved_value",
            f"input {name!r} has in row {row} the value that stands for a missing one inside",
            field=name,
            found=found,
            expected="any other value, or null",
            fix="Send null where the value is missing.",
        )
