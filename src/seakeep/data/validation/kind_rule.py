"""The rule that a column is of the kind its contract says, and the likely cause where it is not.

Called by `rules` before all others, and by whoever asks whether a kind fits: rows, and contracts that are compared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind
from seakeep.core.report import Check, Verdict

if TYPE_CHECKING:
    from seakeep.core.codec import Json
    from seakeep.core.schema import ColumnSchema
    from seakeep.core.statistics import ColumnStatistics


def check_kind(name: str, contract: ColumnSchema, found: ColumnStatistics) -> Check:
    """The column's kind; integers are numbers."""
    wanted, got = contract.kind, found.kind
    if kind_fits(wanted, got):
        return Check("schema.kind", name, Verdict.PASS, f"Column {name!r} is {got.value}.", got.value, wanted.value)
    cause, cast = _why_kind(wanted, found)
    message = f"Column {name!r} is {got.value}; the contract says {wanted.value}.{cause}"
    fix = f'seakeep.read(…, derive={{"{name}": polars.col("{name}"){cast}}}), or set kind: {got.value} in the contract.'
    return Check(
        "schema.kind", name, Verdict.FAIL, message, got.value, wanted.value, fix, {"examples": _examples(found)}
    )


def kind_fits(wanted: Kind, got: Kind) -> bool:
    """Whether a column of kind `got` keeps a contract of kind `wanted`."""
    return wanted is got or (wanted is Kind.NUMBER and got is Kind.INTEGER)


def _why_kind(wanted: Kind, found: ColumnStatistics) -> tuple[str, str]:
    """The likely cause of a wrong kind, and the expression that converts."""
    texts = [value for value in found.top.values if isinstance(value, str)]
    if found.kind is Kind.STRING and wanted in (Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN):
        odd = next((text for text in texts if not _is_number(text)), None)
        cause = (
            f" Text such as {odd!r} made the whole column text."
            if odd is not None
            else " Numbers were written as text."
        )
        return cause, f".cast(polars.{'Int64' if wanted is Kind.INTEGER else 'Float64'}, strict=False)"
    if found.kind is Kind.STRING and wanted is Kind.TIMESTAMP:
        return " Times were written as text.", ".str.to_datetime()"
    if found.kind is Kind.NUMBER and wanted is Kind.INTEGER:
        through = (
            " Missing values turned whole numbers into floating ones on the way (pandas does)." if found.nan else ""
        )
        return through, ".fill_nan(None).cast(polars.Int64)"
    names = {Kind.STRING: "String", Kind.BOOLEAN: "Boolean", Kind.NUMBER: "Float64", Kind.INTEGER: "Int64"}
    return "", f".cast(polars.{names[wanted]})" if wanted in names else ".cast(…)"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _examples(found: ColumnStatistics) -> list[Json]:
    return list(found.top.values[:3])
