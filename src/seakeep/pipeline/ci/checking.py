"""Check a change before it lands: its contract against the base branch's, its data against the contract, and a model tried on a sample.

The four parts are reports like any other, so that one renderer shows them. What is hard is to judge a change by code that it may
have changed: the trial runs in a process of its own (see `trial`), bounded in rows and time, and puts nothing on record.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.codec import from_plain
from seakeep.pipeline.ci import base as bases
from seakeep.pipeline.ci.errors import CannotCheck
from seakeep.pipeline.ci.results import Checked, Part
from seakeep.pipeline.ci.trial import Asked, Tried
from seakeep.pipeline.project import Project
from seakeep.pipeline.retraining.child import call

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS, MINUTES = 50_000, 10.0
TITLES = {"contract": "Contract", "data": "Data", "training": "Training", "gates": "Gates"}
_SKIPPED = {
    "training": "the data breaks its contract, so nothing was trained on it",
    "gates": "there is no model that could be judged",
}


def check(
    file: Path | str,
    *,
    base: str = "",
    rows: int = ROWS,
    spans: int | None = None,
    minutes: float = MINUTES,
    accept_breaking: bool = False,
    name: str | None = None,
    home: Path | str | None = None,
    began: Callable[[str], None] | None = None,
) -> Checked:
    """Check the change that is checked out around the pipeline in `file`.

    Parameters: base: the branch or commit it goes to; "" compares the contract with nothing. rows: about so many are tried, of
            each part of a table that arrives in spans. spans: the newest so many are tried. minutes: then the trial is stopped.
        accept_breaking: whether a contract that breaks others is accepted. began: called with what begins.
    Raises: CannotCheck; CannotLoad; BadContract; BadSetting. A part that fails is a verdict, no exception.
    """
    project = Project.of(file, arguments={"home": home})
    tell = began or (lambda _: None)
    tell(f"trying {project.name} on a sample of at most {rows:,} rows")
    found = _tried(project, Asked(str(project.file), str(project.home), name, rows, spans), minutes)
    schema = Path(found.schema)
    tell("comparing the contract")
    started = time.perf_counter()
    report = bases.report(bases.find_base(base, schema) if base else bases.Base(""), schema, accepted=accept_breaking)
    contract = Part("contract", TITLES["contract"], report, time.perf_counter() - started)
    root = bases.repository(project.file.parent)
    return Checked(
        found.pipeline,
        _relative(project.file, root),
        _relative(schema, root),
        base,
        found.beside,
        _words(found),
        (contract, *(_part(name, found) for name in ("data", "training", "gates"))),
    )


def _tried(project: Project, asked: Asked, minutes: float) -> Tried:
    """The trial's own account of it. Raises CannotCheck, where it has none."""
    ended = call([json.dumps(asdict(asked))], limit_seconds=minutes * 60.0, module="seakeep.pipeline.ci.trial")
    if ended.overdue:
        raise CannotCheck.overdue(project.file, minutes)
    if ended.answer is None or ended.code != 0:
        raise CannotCheck.broke(project.file, ended.trouble or "it said nothing")
    if "error" in ended.answer:
        raise CannotCheck.of(ended.answer["error"])
    return from_plain(Tried, ended.answer["tried"])


def _part(name: str, found: Tried) -> Part:
    report = found.reports.get(name)
    return Part(name, TITLES[name], report, found.seconds.get(name, 0.0), "" if report else _SKIPPED[name])


def _words(found: Tried) -> str:
    return f"{found.used['training']:,} rows to train on, {found.used['held_out']:,} held out"


def _relative(path: Path, root: Path) -> str:
    """A path as the platform shows it: relative to the repository, with forward slashes."""
    own, root = path.resolve(), root.resolve()
    return own.relative_to(root).as_posix() if own.is_relative_to(root) else path.name
