"""After a merge and on a schedule: the full run or a retraining, the manifests of the configured targets, and the rollout.

A job of CI is started again by people and by machines, so all of it may be done twice: the run finds its release, the exports write the
same bytes, and a rollout that is open stays as it is. A release that was sent back once is not opened again by starting the job again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Verdict
from seakeep.pipeline.ci.results import Delivered, Retrained
from seakeep.pipeline.project import Project
from seakeep.pipeline.rollouts.errors import CannotRollOut
from seakeep.pipeline.runner import run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from seakeep.pipeline.results import Observer, RunResult

NO_ROLLOUT = "none"


def deliver(
    file: Path | str,
    *,
    exports: Sequence[str] = (),
    to: Path | str = "deploy",
    rollout: str | None = None,
    name: str | None = None,
    home: Path | str | None = None,
    observer: Observer | None = None,
) -> Delivered:
    """Run the pipeline in `file`, export what is configured, and open the rollout of the release that came of it.

    Parameters: exports: targets of `seakeep export`; each is written below `to`. rollout: the plan, "none" for no rollout; by
        default the project's (rollout.plan).
    Raises: whatever a run, an export or a rollout raises; the run's release stays.
    """
    project = Project.of(file, arguments={"home": home})
    plan = rollout or project.settings.rollout.plan
    _known(exports, plan)
    result = run(file, home=project.home, name=name, observer=observer)
    if result.verdict is Verdict.FAIL or not result.label:
        return Delivered(result, {}, told="no release was made, so nothing is exported or rolled out")
    exported = _exported(project, result.label, exports, Path(to))
    opened, told, held = _opened(project, result, plan)
    return Delivered(result, exported, opened, told, held)


def retrain(
    file: Path | str,
    *,
    asked: bool = False,
    exports: Sequence[str] = (),
    to: Path | str = "deploy",
    name: str | None = None,
    home: Path | str | None = None,
    began: Callable[[str], None] | None = None,
) -> Retrained:
    """Look once at what asks for a training (see pipeline.retraining), and export what is configured where a release came of it.

    asked: train now, whatever the cool-down and the budget say. Others: as in `deliver`. The rollout is the retraining's own.
    """
    from seakeep.pipeline import retraining

    project = Project.of(file, arguments={"home": home})
    _known(exports, NO_ROLLOUT)
    look = retraining.retrain(file, home=home, name=name, asked=asked, training=began)
    released = look.outcome is not None and look.outcome.result == "released"
    label = look.outcome.label if look.outcome else ""
    return Retrained(look, _exported(project, label, exports, Path(to)) if released else {})


def _known(targets: Sequence[str], plan: str) -> None:
    """Refuse what there is not before anything is trained, since a release that came of it would stay."""
    from seakeep.pipeline.exports import Target
    from seakeep.rollout.settings import known_settings

    for target in targets:
        Target.of(target)
    if plan != NO_ROLLOUT:
        known_settings(plan)


def _exported(project: Project, label: str, targets: Sequence[str], to: Path) -> dict[str, str]:
    """The manifests of each target: of the release where the target needs one, else of the project with its champion."""
    from seakeep.pipeline.exports import Target, export

    found = {}
    for target in dict.fromkeys(targets):
        what = label if Target.of(target).needs == "release" else project.file
        found[target] = str(export(target, what, to=to / target, home=project.home).folder)
    return found


def _opened(project: Project, result: RunResult, plan: str) -> tuple[str, str, bool]:
    """The release whose rollout is open, why in words, and whether it is held."""
    from seakeep.pipeline import rollouts
    from seakeep.rollout.settings import known_settings

    label, name = result.label, result.pipeline
    if not result.waits:
        first = label == result.champion
        return (
            "",
            f"{label} is the champion" if first else f"{label} is kept, and not rolled out: not every check passed",
            False,
        )
    if plan == NO_ROLLOUT:
        return "", f"{label} passed and waits: seakeep rollout start {name}", False
    before = _latest(name, project)
    if before is not None and before[0] == label:
        known, ended, title = before
        held = f"{known} was rolled out before ({title}), and is not opened again: seakeep rollout status {name}"
        return ("", held, True) if ended else (label, f"the rollout of {label} is open already ({title})", False)
    if before is not None and not before[1]:
        return "", f"{label} waits: the rollout of {before[0]} is under way ({before[2]})", True
    settings = project.settings.rollout.of(known_settings(plan))
    rollouts.start(name, release=label, plan=plan, settings=settings, home=project.home)
    return label, f"the rollout of {label} is open, by plan {plan}: seakeep rollout serve {name}", False


def _latest(name: str, project: Project) -> tuple[str, bool, str] | None:
    """The latest rollout of a name: its release, whether it ended, and how it stands; None where there was none."""
    from seakeep.pipeline import rollouts

    with contextlib.suppress(CannotRollOut):
        found = rollouts.status(name, home=project.home).rollout
        return f"{name}@{found.challenger.version}", found.ended, found.title
    return None
