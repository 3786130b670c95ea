"""Retraining: look at the world, decide by the policy (see triggers), and train in a process of its own.

One look: new spans are judged (see feed), open incidents and the schedule are added, `triggers.decide` says what to do, and
the decision is a line of the journal (kind "trigger") unless the look before came to the same. A training is `seakeep run`
with its spans pinned, under a time limit; what came of it is a line of kind "retraining", and it counts for the cool-down
whatever it was. A release that passed and has a champion before it is handed to a rollout, where the policy says so.

A lock keeps two services from one pipeline; `attending` says how a service that was killed goes on.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from typing import TYPE_CHECKING

from seakeep.core import locks
from seakeep.core.errors import RegistryError, SeakeepError
from seakeep.pipeline.project import Project
from seakeep.pipeline.retraining.attending import Attending
from seakeep.pipeline.retraining.declared import declared
from seakeep.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from seakeep.pipeline.retraining.attending import Look


class RetrainBusy(RegistryError):
    """Another service retrains the same pipeline."""

    @classmethod
    def of(cls, file: Path, process: int | None) -> RetrainBusy:
        return cls(
            "another process retrains this pipeline",
            where=f"process {process}, {file}" if process else str(file),
            cause="Two would start every training twice.",
            fix="Let it go on, or stop it first: it ends at SIGTERM.",
            file=file,
            process=process,
        )


def retrain(
    file: Path | str,
    *,
    home: Path | str | None = None,
    name: str | None = None,
    now: float | None = None,
    asked: bool = False,
    training: Callable[[str], None] | None = None,
) -> Look:
    """Look once: decide whether to train the pipeline in `file` again, and do it.

    Parameters: home, name: as in `run`. now: Unix seconds. asked: train now, whatever the cool-down and the budget say.
        training: called with why, as a training begins.
    Raises: RetrainBusy, if another service has this pipeline; CannotDeclare; CannotLoad; BadSetting; BadSpans.
    """
    with _alone(file, home, name):
        return _look(file, home, name, time.time if now is None else lambda: now, asked=asked, training=training)


def serve(
    file: Path | str,
    *,
    every: float = 60.0,
    home: Path | str | None = None,
    name: str | None = None,
    told: Callable[[Look], None] | None = None,
    troubled: Callable[[SeakeepError], None] | None = None,
    training: Callable[[str], None] | None = None,
) -> None:
    """Look every so many seconds, until an exception (KeyboardInterrupt, say) ends it; a training under way is stopped then.

    told: called with each look that was news. troubled: called with what went wrong with a look, when it is not what
    went wrong with the one before; the next look tries again. Where another service has this pipeline, that is a trouble
    too, and this one takes over when it ends. Raises: CannotLoad, if there is no such file; BadSetting.
    """
    with _alone(file, home, name, busy=troubled or (lambda _: None)):
        trouble = ""
        while True:
            try:
                found = _look(file, home, name, time.time, asked=False, training=training)
                trouble = ""
                if found.news and told is not None:
                    told(found)
            except SeakeepError as error:
                if troubled is not None and str(error) != trouble:
                    troubled(error)
                trouble = str(error)
            time.sleep(every)


@contextlib.contextmanager
def _alone(
    file: Path | str, home: Path | str | None, name: str | None, *, busy: Callable[[SeakeepError], None] | None = None
) -> Iterator[None]:
    """Alone with a pipeline. busy: called where another has it, before waiting for it; without, RetrainBusy is raised."""
    project = Project.of(file, arguments={"home": home})
    mark = hashlib.sha256(f"{project.file}:{name or ''}".encode("utf-8", "surrogateescape")).hexdigest()[:16]
    path = project.home / "locks" / f"retrain-{mark}"
    with contextlib.ExitStack() as stack:
        if not stack.enter_context(locks.alone(path, wait=False)):
            taken = RetrainBusy.of(project.file, locks.holder(path))
            if busy is None:
                raise taken
            busy(taken)
            stack.enter_context(locks.alone(path))
        yield


def _look(
    file: Path | str,
    home: Path | str | None,
    name: str | None,
    clock: Callable[[], float],
    *,
    asked: bool,
    training: Callable[[str], None] | None,
) -> Look:
    project = Project.of(file, arguments={"home": home})
    with Registry(project.place) as registry:
        found = declared(project, registry, name=name)
        return Attending(project, registry, found, clock, training or (lambda _: None)).look(asked=asked)
