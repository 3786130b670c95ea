"""skew: training against serving row by row: what a model was taught of a thing, and what it was told of the same thing when asked.

Statistics can agree while rows differ: a feature that is computed twice, in two systems, may have the same distribution and wrong values.
Rows are joined by a key, and every column that both tables have is compared value by value. Memory does not grow with the tables: both are
cut into parts by a hash of the key, on the disk where they are large, so that a key's rows meet in one part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from seakeep.core.errors import UsageError
from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Report, Table, Verdict
from seakeep.data.frames import schema_of
from seakeep.data.kinds import kind_of
from seakeep.data.rows.errors import BadKey
from seakeep.data.rows.kinds import same_family
from seakeep.data.rows.pairs import Compared, Pairing, compared_rows
from seakeep.data.rows.references import joinable
from seakeep.data.rows.verdicts import value_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from seakeep.core.codec import Json
    from seakeep.core.dataset import Dataset

TOLERANCE = 1e-6
_COLUMNS = ("column", "compared", "differ", "share", "allowed", "verdict")


def skew(
    training: Dataset,
    serving: Dataset,
    *,
    key: str | Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    tolerance: float = TOLERANCE,
    differ_at_most: float = 0.0,
    examples: int = 5,
) -> Report:
    """Compare two tables row by row, joined by a key.

    Parameters: key: column or columns that name a row; by default the training table's key. columns: those to compare; by default all
            that both tables have. tolerance: numbers a and b agree, if |a - b| <= tolerance * max(1, |a|, |b|); other values, if they are
            equal; missing (null or NaN) agrees with missing only. differ_at_most: share of the compared rows that may differ, by column.
        examples: keys to show for each column.
    Returns: a report of kind "skew": one check a column, "skew.only_training" and "skew.only_serving" for rows without a partner (they
        are told, and no failure: serving sees more than was trained on), and "skew.key" for keys that several rows have, which are compared
        with nothing. A report without a joined row is inconclusive.
    Memory: one part of both tables at a time. Raises: BadKey; UsageError; DataError, naming the file; CannotWrite.
    """
    pairing = pairing_of(training, serving, key, columns, tolerance=tolerance, examples=examples)
    if not 0 <= differ_at_most <= 1:
        wrong = f"differ_at_most must lie between 0 and 1, it is {differ_at_most!r}"
        raise UsageError(wrong, fix="differ_at_most=0.01", differ_at_most=differ_at_most)
    found = compared_rows(pairing, training, serving)
    told = [_column(name, found, differ_at_most) for name in pairing.columns]
    table = Table("skew", "Values that differ", _COLUMNS, tuple(_row(each) for each in told))
    subject = f"{serving.description} against {training.description}"
    return Report("skew", "Skew by rows", subject, (*_rows(pairing, found), *_kinds(pairing), *told), (table,))


def pairing_of(
    training: Dataset,
    serving: Dataset,
    key: str | Sequence[str] | None,
    columns: Sequence[str] | None,
    *,
    tolerance: float,
    examples: int,
) -> Pairing:
    """What is joined and compared. Raises BadKey, where a table lacks the key; UsageError, for a column that a table lacks."""
    if not tolerance >= 0:
        raise UsageError(
            f"tolerance must be at least 0, it is {tolerance!r}", fix="tolerance=1e-6", tolerance=tolerance
        )
    keys = (key,) if isinstance(key, str) else tuple(key or ((training.key,) if training.key else ()))
    if not keys:
        raise BadKey.none()
    first, second = schema_of(training), schema_of(serving)
    parts = [_key(name, first, second, training, serving) for name in keys]
    shared = [name for name in first if name in second and name not in keys]
    for name in columns or ():
        for dtypes, dataset in ((first, training), (second, serving)):
            if name not in dtypes:
                raise UsageError.unknown_name("column", name, dtypes, where=dataset.description)
    wanted = shared if columns is None else [name for name in columns if name not in keys]
    fits = {name: _comparable(first[name], second[name]) for name in wanted}
    return Pairing(
        keys,
        tuple(own for own, _ in parts),
        tuple(other for _, other in parts),
        tuple(name for name in wanted if fits[name]),
        tuple(name for name in wanted if not fits[name]),
        first,
        second,
        tolerance,
        examples,
    )


def _comparable(first: pl.DataType, second: pl.DataType) -> bool:
    """Whether values of two types can be equal; what is nested must have one type."""
    kinds = kind_of(first), kind_of(second)
    if Kind.NULL in kinds:
        return True
    nested = {Kind.LIST, Kind.STRUCT} & set(kinds)
    return first == second if nested else same_family(*kinds)


def _key(
    name: str, first: pl.Schema, second: pl.Schema, training: Dataset, serving: Dataset
) -> tuple[pl.Expr, pl.Expr]:
    """One part of the key in both tables, of one type."""
    for dtypes, dataset in ((first, training), (second, serving)):
        if name not in dtypes:
            raise BadKey.absent(name, dataset.description, tuple(dtypes))
    kinds = kind_of(first[name], name=name), kind_of(second[name], name=name)
    if not same_family(*kinds) and Kind.NULL not in kinds:
        raise BadKey.kinds(name, kinds[0].value, kinds[1].value)
    return joinable(pl.col(name), first[name], kinds[1]), joinable(pl.col(name), second[name], kinds[0])


def _rows(pairing: Pairing, found: Compared) -> Iterator[Check]:
    """Rows that met, rows on one side, and keys that say nothing."""
    named = ", ".join(pairing.keys)
    if not found.joined:
        fix = "Compare rows of the same time and population, by a key that both sides write alike."
        message = f"No row of one table has the {named} of a row of the other, so nothing was compared."
        yield Check("skew.joined", "table", Verdict.INCONCLUSIVE, message, 0, 1, fix)
    else:
        message = f"{found.joined:,} rows of both tables were joined by {named}."
        yield Check("skew.joined", "table", Verdict.PASS, message, found.joined, 1)
    for code, only, side, examples in (
        ("skew.only_training", found.only_training, "training", found.lonely_training),
        ("skew.only_serving", found.only_serving, "serving", found.lonely_serving),
    ):
        message = f"{only:,} rows of {side} have no partner."
        yield Check(code, "table", Verdict.PASS, message, only, evidence={"rows": only, "examples": _keys(examples)})
    if found.repeated:
        message = (
            f"{found.repeated:,} values of {named} stand in several rows of one table; their rows were not compared."
        )
        fix = f"Drop the rows that were written twice, or name more columns: key=[{', '.join(map(repr, pairing.keys))}, …]."
        evidence: dict[str, Json] = {"keys": found.repeated, "examples": _keys(found.repeats)}
        yield Check("skew.key", named, Verdict.FAIL, message, found.repeated, 0, fix, evidence)
    if found.keyless:
        message = f"{found.keyless:,} rows miss a part of {named} and were not compared."
        yield Check("skew.keyless", named, Verdict.PASS, message, found.keyless, evidence={"rows": found.keyless})


def _kinds(pairing: Pairing) -> Iterator[Check]:
    for name in pairing.unlike:
        first, second = kind_of(pairing.first[name]).value, kind_of(pairing.second[name]).value
        message = f"Column {name!r} is {first} in training and {second} in serving; no two values can be equal."
        fix = f"Convert it on reading: seakeep.read(…, derive={{{name!r}: polars.col({name!r}).cast(…)}})."
        yield Check("skew.kind", name, Verdict.FAIL, message, second, first, fix)


def _column(name: str, found: Compared, most: float) -> Check:
    differ, joined = found.differ[name], found.joined
    share = differ / joined if joined else 0.0
    examples = found.examples.get(name)
    shown = list(examples.iter_rows(named=True)) if examples is not None else []
    types = examples.schema if examples is not None else pl.Schema()
    plain: list[Json] = [
        {part: value_text(value, types[part]) for part, value in row.items() if part[:1] != "@"} for row in shown
    ]
    evidence: dict[str, Json] = {"differ": differ, "of": joined, "examples": plain}
    allowed = f"at most {most:.4g} may" if most else "none may"
    message = f"Column {name!r}: {differ:,} of {joined:,} rows differ between training and serving, {allowed}."
    if not joined:
        return Check("skew.values", name, Verdict.INCONCLUSIVE, message, share, most, "Join more rows.", evidence)
    if share <= most:
        return Check("skew.values", name, Verdict.PASS, message, share, most, evidence=evidence)
    fix = "Look how both sides compute it for one of these keys; then compute it in one place."
    return Check("skew.values", name, Verdict.FAIL, message, share, most, fix, evidence)


def _row(check: Check) -> tuple[str | int | float, ...]:
    differ, joined = check.evidence["differ"], check.evidence["of"]
    assert isinstance(differ, int)
    assert isinstance(joined, int)
    share = differ / joined if joined else 0.0
    return (check.subject, joined, differ, share, float(check.threshold or 0), check.verdict.value)


def _keys(frame: pl.DataFrame) -> list[Json]:
    types = frame.schema
    return [
        {name: value_text(value, types[name]) for name, value in row.items() if name[:1] != "@"}
        for row in frame.iter_rows(named=True)
    ]
