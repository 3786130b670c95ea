"""Validate: statistics of a table against its contract, as checks with a code, what was found, and the next line to type.

The same function judges a training table, a batch to be scored, and a server's last minute, since all three are Statistics. Every
rule that holds is recorded too, so that a clean table's verdict is pass; a rule that could not be looked at leaves no pass
behind. Rules of one column are in `rules`, guesses at causes in `guesses`, codes in `anomalies`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError, nearest
from seakeep.core.report import Check, Report, Verdict
from seakeep.core.statistics import Statistics
from seakeep.data.comparison.drift import stated_drift, stated_skew
from seakeep.data.validation.guesses import renamed
from seakeep.data.validation.rules import check_column, check_label
from seakeep.data.validation.sizes import check_sizes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.schema import ColumnSchema, Environment, Schema


def validate(
    statistics: Statistics,
    schema: Schema,
    *,
    environment: Environment = "training",
    reference: Statistics | None = None,
    previous: Statistics | None = None,
    serving: Statistics | None = None,
    subject: str = "",
) -> Report:
    """Judge a table by its contract.

    Parameters: environment: "training" expects the label and refuses columns that the contract does not know; "serving"
        expects neither the label nor columns that come after, and lets other columns be; so do environments that the contract
        declares. reference: statistics of the table that the contract was made for; they sharpen guesses at causes, show
        changes of unit, and are what the columns' drift thresholds compare with. previous: statistics of the span before;
        what growth limits compare with, and drift thresholds too where no reference is given. serving: statistics of what
        servers were asked, for the columns' skew thresholds. subject: what the table is called in the report.
    Returns: a report of kind "validation".
    Raises: UsageError, for an unknown environment, or a table instead of its statistics.
    """
    if not isinstance(statistics, Statistics):
        raise UsageError(
            f"a contract judges statistics; a {type(statistics).__name__} was given",
            where="seakeep.validate",
            fix="Profile the table first: seakeep.validate(seakeep.profile(dataset), schema)",
        )
    if environment not in schema.known_environments:
        raise UsageError.unknown_name("environment", environment, schema.known_environments)
    before = previous if reference is None else reference
    checks = [*check_sizes(statistics, schema, previous), *_checks(statistics, schema, environment, before)]
    report = Report("validation", f"Validation against schema {schema.name}", subject or "table", tuple(checks))
    if before is not None and statistics.rows:
        report += stated_drift(before, statistics, schema, environment=environment)
    if serving is not None and statistics.rows:
        report += stated_skew(statistics, serving, schema)
    return report


def _checks(
    statistics: Statistics, schema: Schema, environment: Environment, reference: Statistics | None
) -> Iterator[Check]:
    for name, contract in schema.expected(environment).items():
        if name not in statistics.columns:
            yield from _missing_column(name, contract, statistics, schema, reference)
        elif statistics.rows:
            before = reference.columns.get(name) if reference else None
            yield from check_column(name, contract, statistics[name], schema=schema, reference=before)
    if environment == "training":
        yield from _unexpected_columns(statistics, schema)
        if schema.label in statistics.columns and statistics.rows:
            yield check_label(str(schema.label), statistics[str(schema.label)])


def _missing_column(
    name: str, contract: ColumnSchema, statistics: Statistics, schema: Schema, reference: Statistics | None
) -> Iterator[Check]:
    if not contract.required:
        return
    guess = renamed(name, statistics, schema, reference)
    message = f"Column {name!r} is missing from the table."
    fix = f"Restore it. If it may be absent, set required: false for {name} in the contract."
    if guess:
        kind = statistics[guess].kind.value
        message += f" Found {guess!r} ({kind}), which no column of the contract claims and which is like it."
        fix = f"If it was renamed: seakeep schema rename {schema.name}.schema.yaml {name} {guess}. {fix}"
    yield Check("schema.missing_column", name, Verdict.FAIL, message, None, None, fix, {"guess": guess})


def _unexpected_columns(statistics: Statistics, schema: Schema) -> Iterator[Check]:
    for name, column in statistics.columns.items():
        if name in schema.columns and schema.expects(name, "training"):
            continue
        near = nearest(name, [known for known in schema.columns if known not in statistics.columns])
        like = f" It is like {near!r}, which is missing." if near else ""
        reason = "says is not there in training" if name in schema.columns else "does not know"
        yield Check(
            "schema.unexpected_column",
            name,
            Verdict.FAIL,
            f"The table has a column {name!r} ({column.kind.value}) that the contract {reason}.{like}",
            fix=f"Drop it on reading (drop=[{name!r}]), or accept it: seakeep schema update {schema.name}.schema.yaml DATA.",
        )
