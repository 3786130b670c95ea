"""Making a proof: train the champion again, or run the project's own tests; then one line in the journal says what came of it.

Training again is a real run of the stage `train`, on the champion's own spans, without the cache. It proves something only of the same
sources, data and contract. Where other packages are installed, the same model is proof all the more, and another model none at all. Tests
run in a process of their own, and tell what they cover by JUnit properties, which every CI system reads as well.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from seakeep.pipeline.readiness.errors import CannotProve
from seakeep.pipeline.readiness.files import test_files
from seakeep.pipeline.readiness.proofs import KIND, Proof, job_of
from seakeep.pipeline.readiness.rubric import BY_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from seakeep.pipeline.readiness.facts import Facts
    from seakeep.pipeline.readiness.proofs import What
    from seakeep.registry import Execution, Registered

LIMIT_SECONDS = 3_600.0
PROPERTY = "readiness"
_NO_TESTS = 5  # pytest's exit code where it found none


def prove(facts: Facts, what: What, *, environment: Mapping[str, str], told: Callable[[str], None]) -> Proof:
    """Make a proof and put it on record."""
    by = job_of(environment)
    proof = _reproduced(facts, by, told) if what == "reproducible" else _tested(facts, by, told)
    assert facts.registry is not None
    facts.registry.journal.append(KIND, facts.name, proof, at=time.time())
    return proof


def _reproduced(facts: Facts, by: str, told: Callable[[str], None]) -> Proof:
    """Train again and compare the digests of the models."""
    champion = facts.champion
    before = facts.execution(champion.release.made_from.get("model", ""), "train") if champion else None
    if champion is None or before is None:
        raise CannotProve.no_champion(facts.name, facts.project.file)
    told(f"training {champion.label} again, which took {before.wall_seconds:.1f} s")
    started = time.perf_counter()
    again = _trained(facts, champion)
    differs = _differs(before, again)
    model, output = champion.release.made_from["model"], again.output("model")
    holds = output is not None and output.digest == model
    if differs and not (holds and differs == ["what is installed"]):
        raise CannotProve.other_inputs(champion.label, differs, facts.project.file)
    seconds, found = round(time.perf_counter() - started, 3), output.digest if output else ""
    return Proof(
        "reproducible", holds, facts.code, by, seconds, release=champion.release.digest, model=model, again=found
    )


def _trained(facts: Facts, champion: Registered) -> Execution:
    """Train now, without the cache, on the champion's spans; what comes before is taken from the record where it can be."""
    from seakeep.pipeline.runner import run

    run_id = ""
    for stage in ("read", "profile", "validate", "train"):
        done = run(
            facts.project.file,
            home=facts.project.home,
            name=facts.name,
            stage=stage,
            cache=stage != "train",
            span=_newest_span(champion),
        )
        run_id = done.run
    assert facts.registry is not None
    return next(each for each in facts.registry.executions.of_run(run_id) if each.stage == "train")


def _differs(before: Execution, again: Execution) -> list[str]:
    """What the later training had otherwise than the earlier one, in words."""
    found = ["the sources"] if before.code != again.code else []
    theirs = {artifact.name: artifact.digest for artifact in before.inputs}
    found += [
        artifact.name.replace("_", " ") for artifact in again.inputs if theirs.get(artifact.name) != artifact.digest
    ]
    installed = before.parameters.get("environment") != again.parameters.get("environment")
    return [*found, *(["what is installed"] if installed else [])]


def _newest_span(champion: Registered) -> str | None:
    """The newest span of the champion's, so that ones which came since are left out; None for a pipeline without spans."""
    return champion.release.made_from.get("held_out_spans", "").split(", ")[-1] or None


def _tested(facts: Facts, by: str, told: Callable[[str], None]) -> Proof:
    """Run the project's own tests and count what they cover."""
    root = facts.project.root
    if not test_files(root):
        raise CannotProve.no_tests(root / "tests")
    if importlib.util.find_spec("pytest") is None:
        raise CannotProve.no_pytest()
    told(f"running the tests in {root / 'tests'}")
    started = time.perf_counter()
    passed, failed, covers = _ran(root)
    seconds = round(time.perf_counter() - started, 3)
    holds = not failed and bool(passed)
    return Proof("tests", holds, facts.sources, by, seconds, passed=passed, failed=failed, covers=covers)


def _ran(root: Path) -> tuple[int, int, Mapping[str, tuple[str, ...]]]:
    """How many tests passed and failed, and the names of passed ones by what they cover. Skipped ones count for nothing."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "junit.xml"
        command = [sys.executable, "-m", "pytest", "tests", "-q", "-p", "no:cacheprovider", f"--junitxml={file}"]
        process = subprocess.Popen(
            command, cwd=root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = process.wait(LIMIT_SECONDS)
        except BaseException as error:
            _stop(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise CannotProve.broke("the tests", f"stopped after {LIMIT_SECONDS:.0f} s", root) from error
            raise
        if code == _NO_TESTS:
            raise CannotProve.no_tests(root / "tests")
        return _counted(file, root, code)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the tests and what they started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _counted(file: Path, root: Path, code: int) -> tuple[int, int, Mapping[str, tuple[str, ...]]]:
    try:
        cases = list(ET.parse(file).getroot().iter("testcase"))  # noqa: S314  (pytest wrote it just now)
    except (OSError, ET.ParseError) as error:
        raise CannotProve.broke("the tests", f"pytest ended with code {code}", root) from error
    bad = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    good = [case for case in cases if case not in bad and case.find("skipped") is None]
    covers: dict[str, list[str]] = {}
    for case in good:
        for told in case.iter("property"):
            if told.get("name") == PROPERTY:
                for test in (part.strip() for part in (told.get("value") or "").split(",")):
                    covers.setdefault(test, []).append(str(case.get("name")))
    failed = len(bad) or int(code not in (0, 1))
    return len(good), failed, {test: tuple(names) for test, names in covers.items() if test in BY_ID}
