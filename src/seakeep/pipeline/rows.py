"""A pipeline's rows held to its contract one by one: judged where the contract has row rules, dropped where the pipeline says so.

Called by `work` and by the validate stage. `drop_at_most` is both the permission to go on without broken rows and the guard against
doing so when a feed has broken down: the share that was dropped is a check like any other, and the rows are kept aside as a file.
"""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Check, Report, Verdict
from seakeep.pipeline.sights import look_at_glob, look_at_path

if TYPE_CHECKING:
    from seakeep.core import Dataset, Schema
    from seakeep.core.codec import Json
    from seakeep.pipeline.work import Work
    from seakeep.registry import Sight

DROPPED = "rows.dropped"


def kept(work: Work, training: Dataset, held_out: Dataset) -> tuple[Dataset, Dataset]:
    """Both parts without their broken rows, for a pipeline that drops them; its contract is inferred from them where none stands yet."""
    if work.pipeline.drop_at_most is None:
        return training, held_out
    from seakeep.data import load_schema
    from seakeep.data.rows.dropping import without_broken
    from seakeep.pipeline.contract import inferred_from

    inferred_from(work, training, held_out)
    path = work.schema_path()
    if not path.exists():  # no rows: the next stage says so
        return training, held_out
    schema = load_schema(path)
    return without_broken(training, schema), without_broken(held_out, schema)


def judged(work: Work, part: str, schema: Schema, *, subject: str) -> Report | None:
    """The report of a part's rows; None where the contract has no row rules and nothing is dropped."""
    from seakeep.data import validate_rows

    dataset, path = work.dataset(part), work.schema_path()
    dropped = _dropped(work, part, dataset, subject)
    if not schema.rules:
        return dropped
    report = validate_rows(dataset, schema, folder=path.parent, subject=subject)
    return dropped + report if dropped else report


def place_of_quarantine(work: Work, part: str, dataset: Dataset) -> Path:
    """Where the dropped rows of a part are kept."""
    return work.registry.home / "quarantine" / f"{work.pipeline.name}-{part}-{dataset.digest[:12]}.parquet"


def sights_of(schema: Schema, folder: Path) -> tuple[Sight, ...]:
    """The state of the tables that rules refer to. Those at an address are not looked at."""
    places = [str(folder / Path(rule.to).expanduser()) for rule in schema.rules if rule.to and "://" not in rule.to]
    looks = (look_at_glob(place) if glob.has_magic(place) else look_at_path(Path(place)) for place in places)
    return tuple(dict.fromkeys(sight for sights in looks for sight in sights))


def _dropped(work: Work, part: str, dataset: Dataset, subject: str) -> Report | None:
    """One check: the share of rows that were dropped; they are written aside."""
    from seakeep.data import validate_rows
    from seakeep.data.rows.dropping import with_broken

    before = with_broken(dataset)
    if before is None:
        return None
    whole, schema = before
    place = place_of_quarantine(work, part, dataset)
    report = validate_rows(whole, schema, quarantine=place, subject=subject)
    return Report(report.kind, report.title, subject, (_share_dropped(work, report),), report.tables)


def _share_dropped(work: Work, report: Report) -> Check:
    counted = report.checks[0].evidence
    rows, broken = int(str(counted.get("rows", 0))), int(str(counted.get("broken", 0)))
    share, most = broken / rows if rows else 0.0, work.pipeline.drop_at_most or 0.0
    records = report.table("rules").records() if report.tables else ()
    evidence: dict[str, Json] = {
        "rows": rows,
        "rules": {str(row["rule"]): row["broken"] for row in records if row["broken"]},
    }
    message = f"{broken:,} of {rows:,} rows break the contract and were left out, at most {most:.4g} may."
    if share <= most:
        return Check(DROPPED, "table", Verdict.PASS, message, share, most, evidence=evidence)
    fix = "Look at the rows in the quarantine folder of the registry; if so many may go, raise drop_at_most."
    return Check(DROPPED, "table", Verdict.FAIL, message, share, most, fix, evidence)
