"""inspect: what is wrong with a table that nobody declared: faults that have a name, found with evidence and a proposed fix.

A contract says what a table must be; this looks for what people forget to say. Every kind of finding is one file (see `finding`);
this module plans the passes (statistics, then the other table, then the rows, each at most once), asks every kind, and puts
down a check for each: one a fact found, or one that passes and says what was looked for.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.core.report import Check, Report, Verdict
from seakeep.data.frames import schema_of
from seakeep.data.quality.errors import CannotInspect
from seakeep.data.quality.finding import GROUP, ROW, Found, Look, Table
from seakeep.data.quality.looking import Sample, TextValues, known_texts, show, unknown_texts
from seakeep.data.statistics.profile import profile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.dataset import Dataset
    from seakeep.core.schema import Schema
    from seakeep.core.statistics import Statistics

ROLES = ("label", "time", "key")


def inspect(
    dataset: Dataset,
    *,
    schema: Schema | None = None,
    label: str | None = None,
    time: str | None = None,
    key: str | None = None,
    against: Dataset | None = None,
    statistics: Statistics | None = None,
    only: Sequence[str] = (),
) -> Report:
    """Look for faults in a table: duplicates, impossible values, changed units, broken text, leaks, and more.

    Parameters: schema: tells the roles and which columns come after the prediction. label, time, key: columns, by default the
        dataset's, then the schema's. against: another table that must not share rows with this one, the test set of this
        training set, say. statistics: of the dataset, if they are known already. only: kinds to look for (see
        `core.plugins.names("data.quality.findings")`), by default all whose roles are known.
    Returns: a report of kind "quality". A check fails for each fact found, with evidence and a fix (a cleaning step as text
        where one can do it, see data.cleaning), passes for each kind that found nothing, and is inconclusive where a table
        has too few rows for it.
    Cost: a pass for the statistics, one over `against`, and one over the rows; a kind that needs the statistics alone costs no
        further pass. Memory: one piece, one batch, a sample of at most 250,000 rows, and 128 MiB of hashes.
    Raises: UsageError, for an unknown kind or column, or a kind whose role is not known; DataError, naming the file.
    """
    table = _table(dataset, schema, {"label": label, "time": time, "key": key}, against, statistics)
    kinds = {name: plugins.load(GROUP, name) for name in _asked(only)}
    kinds = _able(kinds, table, asked=bool(only))
    if not table.rows:
        return Report("quality", "Data quality", dataset.description, (_no_rows(),))
    enough = {name: kind for name, kind in kinds.items() if table.rows >= kind.LEAST_ROWS or not _concerns(kind, table)}
    table, looks = _looked(table, enough)
    checks = [check for name, kind in kinds.items() for check in _checks(name, kind, table, looks, name in enough)]
    return Report("quality", "Data quality", dataset.description, tuple(checks))


def _table(
    dataset: Dataset,
    schema: Schema | None,
    roles: Mapping[str, str | None],
    against: Dataset | None,
    statistics: Statistics | None,
) -> Table:
    types = schema_of(dataset)
    if ROW in types:
        raise CannotInspect.reserved(ROW, dataset.description)
    found: dict[str, str | None] = {}
    for role, column in roles.items():
        declared = getattr(schema, role) if schema and getattr(schema, role) in types else None
        found[role] = column or getattr(dataset, role) or declared
        if found[role] is not None and found[role] not in types:
            raise UsageError.unknown_name(f"{role} column", str(found[role]), types, where=dataset.description)
    statistics = statistics or profile(dataset)
    if set(types) - set(statistics.columns):
        raise CannotInspect.other_statistics(sorted(set(types) - set(statistics.columns)), dataset.description)
    label, time, key = (found[role] for role in ROLES)
    return Table(dataset, statistics, types, label, time, key, schema=schema, against=against)


def _asked(only: Sequence[str]) -> tuple[str, ...]:
    known = plugins.names(GROUP)
    if isinstance(only, str):
        raise UsageError(f"only must be a list of kinds, found {only!r}", fix=f"only=[{only!r}]")
    for name in only:
        if name not in known:
            raise UsageError.unknown_name("kind of finding", name, known)
    return tuple(dict.fromkeys(only)) or known


def _able(kinds: Mapping[str, Any], table: Table, *, asked: bool) -> dict[str, Any]:
    """The kinds whose roles are known. Raises CannotInspect for one that was asked for by name and whose are not."""
    able = {}
    for name, kind in kinds.items():
        absent = [role for role in kind.NEEDS if getattr(table, role) is None]
        if absent and asked:
            raise CannotInspect.absent_role(name, absent[0])
        if not absent:
            able[name] = kind
    return able


def _concerns(kind: Any, table: Table) -> bool:
    """Whether the table has a column of the kinds that a finding is about."""
    kinds = getattr(kind, "KINDS", ())
    return not kinds or bool(table.columns(*kinds))


def _looked(table: Table, kinds: Mapping[str, Any]) -> tuple[Table, dict[str, Look]]:
    """The table with its sample and texts, and what every kind has seen of its rows."""
    costs = {kind.COST for kind in kinds.values()}
    if costs <= {"statistics"}:
        return table, {}
    asked = {name: kind.look(table) for name, kind in kinds.items() if hasattr(kind, "look")}
    looks: dict[str, Look] = {name: look for name, look in asked.items() if look is not None}
    if table.against is not None:
        both = [look for name, look in looks.items() if kinds[name].COST == "both tables"]
        common = [name for name in schema_of(table.against) if name in table.types]
        if both and common:
            show(table.against, both, "against", columns=common)
    known = known_texts(table.statistics)
    sample, texts = Sample(table.rows, len(table.types)), TextValues(unknown_texts(table.statistics, known))
    show(table.dataset, [*looks.values(), texts, sample], "table", columns=list(table.types))
    return replace(table, sample=sample.rows(), texts={**known, **texts.texts()}), looks


def _checks(name: str, kind: Any, table: Table, looks: Mapping[str, Look], enough: bool) -> list[Check]:
    code = f"quality.{name}"
    if not enough:
        message = f"{table.rows:,} rows are too few to look for this; it takes {kind.LEAST_ROWS:,}."
        fix = "Give more rows, or leave it out with only=[…]."
        return [Check(code, "table", Verdict.INCONCLUSIVE, message, table.rows, kind.LEAST_ROWS, fix)]
    found = [_check(code, each) for each in kind.find(table, looks.get(name))]
    return found or [Check(code, "table", Verdict.PASS, kind.MEANING)]


def _check(code: str, found: Found) -> Check:
    verdict = Verdict.INCONCLUSIVE if found.inconclusive else Verdict.FAIL
    return Check(
        code, found.subject, verdict, found.message, found.observed, found.threshold, found.fix, found.evidence
    )


def _no_rows() -> Check:
    return Check(
        "quality.rows", "table", Verdict.INCONCLUSIVE, "The table has no rows.", 0, 1, "Give a table with rows."
    )
