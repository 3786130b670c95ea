"""Assess a project, sign a test off, prove one: what the command line calls.

Assessing reads and writes nothing, and does not run the project's file: which pipeline it declares is read from its text.
"""

from __future__ import annotations

import ast
import contextlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.pipeline.project import Project
from seakeep.pipeline.readiness import data, infrastructure, model, monitoring, proving
from seakeep.pipeline.readiness.errors import BadReadiness
from seakeep.pipeline.readiness.facts import Facts
from seakeep.pipeline.readiness.findings import Finding, Unproven
from seakeep.pipeline.readiness.manual import KIND, LONGEST, VALID, Attestation, checked_length, latest, lifted, signed
from seakeep.pipeline.readiness.reporting import report
from seakeep.pipeline.readiness.rubric import MOST, TESTS
from seakeep.registry import Registry
from seakeep.registry.errors import UnreadableRegistry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from seakeep.core import Report
    from seakeep.pipeline.readiness.proofs import Proof, What

FRESH = "30d"
PIPELINE_FILE = "pipeline.py"
_ROOMS = {"data": data, "model": model, "infrastructure": infrastructure, "monitoring": monitoring}


def assess(
    project: Path | str,
    *,
    name: str | None = None,
    home: Path | str | None = None,
    fresh: str = FRESH,
    at_least: float | None = None,
    now: float | None = None,
) -> Report:
    """The ML Test Score of a project, as a report of kind "readiness".

    Parameters: project: a pipeline's file, or a folder with a pipeline.py. name: which pipeline, where it has several. fresh: how old
        evidence may be. at_least: adds a check of the score, 0 to 7. now: Unix seconds, by default the clock's.
    Raises: CannotLoad; BadReadiness; BadSetting; UnreadableRegistry, where there is a registry that cannot be read.
    """
    if at_least is not None and not 0 <= at_least <= MOST:
        raise BadReadiness.bad_score(at_least)
    with _facts(project, name, home, fresh, now) as facts:
        found = findings(facts)
        label = facts.champion.label if facts.champion else ""
    return report(facts.name, label, found, at_least=at_least)


def attest(
    project: Path | str,
    test: str,
    *,
    by: str,
    evidence: str,
    valid: str = VALID,
    name: str | None = None,
    home: Path | str | None = None,
    now: float | None = None,
) -> Attestation:
    """Put on record that a person ran a test by hand: half a point, for the sources in charge, until its validity ends.

    Raises: UsageError, for an unknown test; BadReadiness; CannotLoad.
    """
    with _facts(project, name, home, FRESH, now, create=True) as facts:
        attestation = signed(test, by=by, evidence=evidence, valid=valid, code=facts.code)
        assert facts.registry is not None
        facts.registry.journal.append(KIND, facts.name, attestation, at=facts.now)
    return attestation


def prove(
    project: Path | str,
    what: What,
    *,
    name: str | None = None,
    home: Path | str | None = None,
    environment: Mapping[str, str] | None = None,
    told: Callable[[str], None] | None = None,
) -> Proof:
    """Do what proves a test, and put on record what came of it, also where it came out badly.

    environment: variables that tell a continuous integration job, by default those of this process. told: called with what begins.
    Raises: CannotProve, where nothing can be said; SeakeepError, where the training itself breaks.
    """
    with _facts(project, name, home, FRESH, None, create=True) as facts:
        environment = os.environ if environment is None else environment
        return proving.prove(facts, what, environment=environment, told=told or (lambda _: None))


def findings(facts: Facts) -> dict[str, Finding]:
    """Every test's finding, attestations included."""
    signed_off = latest(facts.journal(KIND))
    found: dict[str, Finding] = {}
    for test in TESTS:
        try:
            answer: Finding = getattr(_ROOMS[test.section], test.id.lower())(facts)
        except Unproven as unproven:
            answer = unproven.finding
        found[test.id] = lifted(answer, signed_off.get(test.id), code=facts.code, now=facts.now)
    return found


@contextlib.contextmanager
def _facts(
    project: Path | str,
    name: str | None,
    home: Path | str | None,
    fresh: str,
    now: float | None,
    *,
    create: bool = False,
) -> Iterator[Facts]:
    """Facts of a project, its registry open where there is one. create: make the registry where there is none."""
    path = Path(project)
    file = path / PIPELINE_FILE if path.is_dir() else path
    found = Project.of(file, arguments={"home": home})
    called = _name(found, name)
    seconds = checked_length("--fresh", fresh, LONGEST)
    with contextlib.ExitStack() as stack:
        registry = stack.enter_context(Registry(found.place)) if create else _existing(found, stack)
        yield Facts(found, registry, called, str(file), time.time() if now is None else now, seconds)


def _existing(project: Project, stack: contextlib.ExitStack) -> Registry | None:
    """The project's registry; None where there is none yet. Raises UnreadableRegistry where it is torn or newer."""
    try:
        return stack.enter_context(Registry.existing(project.place))
    except UnreadableRegistry as error:
        if "places" in error.values:  # it is not there
            return None
        raise


def _name(project: Project, name: str | None) -> str:
    """The name of the pipeline that the file declares, read from its text. Raises BadReadiness."""
    names = _names(project.file)
    if name is None and len(names) != 1:
        raise BadReadiness.nameless(project.file, names)
    if name is not None and names and name not in names:
        raise BadReadiness.other_name(project.file, name, names)
    return name or names[0]


def _names(file: Path) -> list[str]:
    """Names that stand as text in the file's calls of Pipeline(…), in order."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError):
        return []
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    made = [call for call in calls if getattr(call.func, "attr", getattr(call.func, "id", "")) == "Pipeline"]
    values = [word.value for call in made for word in call.keywords if word.arg == "name"]
    return list(dict.fromkeys(str(value.value) for value in values if isinstance(value, ast.Constant)))
