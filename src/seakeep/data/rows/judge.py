"""validate_rows: which rows of a table break which rule of its contract; and, if asked for, both kinds of rows as files.

Statistics tell that something is wrong and cannot tell where; this reads the rows. Every rule of the contract that a row can break
is judged in one streaming pass: a column's (missing, kind, values, bounds, length, pattern, infinities, unique, items and fields), the
row rules (`holds`) and the references (`refers`). Memory is that of one piece, whatever the table's length; the report is the same
however the rows are cut into files and pieces.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError
from seakeep.data.engines import LOCAL, connected
from seakeep.data.frames import schema_of
from seakeep.data.rows.counting import look
from seakeep.data.rows.elsewhere import look_on
from seakeep.data.rows.plan import Asks, plan_of
from seakeep.data.rows.quarantine import check_places, write_rows
from seakeep.data.rows.references import lookup_of, table_of
from seakeep.data.rows.repeats import repeated
from seakeep.data.rows.verdicts import report_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.core.dataset import Dataset
    from seakeep.core.report import Report
    from seakeep.core.schema import Environment, Schema
    from seakeep.data.engines import Engine
    from seakeep.data.rows.plan import Plan


def validate_rows(
    dataset: Dataset,
    schema: Schema,
    *,
    environment: Environment = "training",
    quarantine: Path | str | None = None,
    good: Path | str | None = None,
    examples: int = 5,
    folder: Path | str = "",
    tables: Mapping[str, Dataset] | None = None,
    subject: str = "",
    progress: Callable[[int, float, float], None] | None = None,
    engine: str | Engine | None = None,
) -> Report:
    """Judge every row of a table by its contract.

    Parameters: environment: as `validate`. quarantine: a Parquet file for the broken rows: every column, `@row` (number from 0),
            `@source` (the file, where the table has files) and `@broken` (names of the rules broken); good: one for the others. Both are
            written if asked for, with or without rows, and both are whole or absent.
        examples: broken rows to show for each rule. folder: where relative paths of `to` start: the contract's. tables: datasets by the
            text of `to`, in place of reading it. subject: what the table is called in the report.
        progress: called with (rows so far, share of the table, seconds). engine: whose workers look at the rows (see data.engines);
            other rows, other tables and the files to write are looked after here.
    Returns: a report of kind "rows": one check for each rule, with how many rows break it and the first of them, and a table "rules".
        A row is broken by a rule without tolerance, or a row rule; what `missing_at_most` and `others_at_most` allow breaks no row.
    Cost: one pass over the columns that rules speak of, a second over pieces with broken rows, one more a file written. Memory: one
        piece's columns at a time; of a referenced table its different keys; of a unique column the values that occur twice.
    Raises: BadRule, BadReference, BadQuarantine; DataError, naming the file; UsageError; CannotWrite.
    """
    if examples < 0:
        raise UsageError(f"examples must be at least 0, it is {examples}", fix="examples=5", examples=examples)
    places = check_places(dataset, quarantine, good)
    plan = plan_for(dataset, schema, environment=environment, folder=folder, tables=tables)
    with connected(engine or LOCAL) as connection:
        if connection.is_remote:
            found = look_on(connection, plan, dataset, examples=examples, progress=progress)
        else:
            found = look(plan, dataset, examples=examples, progress=progress)
    write_rows(plan, dataset, found.rows, places)
    notes = {rule.name: rule.note for rule in schema.rules}
    return report_of(plan, found, schema, subject=subject or dataset.description, notes=notes)


def plan_for(
    dataset: Dataset,
    schema: Schema,
    *,
    environment: Environment,
    folder: Path | str,
    tables: Mapping[str, Dataset] | None,
) -> Plan:
    """The plan of a table's judgement, its other rows and the tables it refers to looked at."""
    dtypes, given, start = schema_of(dataset), dict(tables or {}), Path(folder)
    asks = Asks(
        lambda value: repeated(dataset, value),
        lambda rule: lookup_of(rule, table_of(rule, given, start), dtypes),
    )
    return plan_of(schema, dtypes, environment, asks)
