"""What a stage, or a single step, leaves behind: its outputs in the registry, their pages, and the record that says so.

Outputs come first and the record last, so that a record that can be found speaks of what is there. Pages are named by the
digest of what they show: they are drawn once, and a run that finds a stage on record knows where they are.
"""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING

from seakeep.core import Dataset, Report, Schema, Statistics, Verdict
from seakeep.core.codec import digest, to_plain
from seakeep.core.files import write_text
from seakeep.pipeline.project import environment
from seakeep.pipeline.stage import Made, Stage
from seakeep.registry import Artifact, Execution

_PARTS = {"statistics": "the training rows", "held_out_statistics": "the held-out rows"}

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from seakeep.pipeline.measuring import Cost
    from seakeep.pipeline.work import Product, Work
    from seakeep.registry.executions import Outcome


def keep_outputs(work: Work, made: Made) -> tuple[Artifact, ...]:
    """Keep a stage's outputs in the registry and draw their pages."""
    work.keep(made.outputs)
    kept = [_kept(work, name, noun) for name, noun in made.outputs.items()]
    if made.release:
        kept.append(Artifact(made.release.label, "release", made.release.release.digest))
    return tuple(kept)


def page_of(work: Work, name: str, noun_digest: str) -> Path:
    """Where the page of an output stands, or would."""
    return work.registry.home / "reports" / f"{name}-{noun_digest[:12]}.html"


def record_of(
    work: Work,
    stage: Stage,
    cost: Cost,
    *,
    run: str,
    pipeline: str,
    key: str = "",
    made: Made | None = None,
    outputs: tuple[Artifact, ...] = (),
    error: str = "",
) -> Execution:
    """The record of a stage that was performed, or of the error that broke it off."""
    made = made or Made()
    inputs = tuple(work.artifacts[name] for name in stage.inputs if name in work.artifacts)
    how = {"environment": environment(), "peak_is": cost.peak_is} | ({"error": error} if error else {})
    return Execution(
        run=run,
        pipeline=pipeline,
        stage=stage.name,
        key=key,
        code=work.code,
        started=cost.started,
        wall_seconds=cost.wall_seconds,
        cpu_seconds=cost.cpu_seconds,
        peak_bytes=cost.peak_bytes,
        verdict="error" if error else _verdict(made),
        inputs=(*inputs, *made.sources),
        outputs=outputs,
        parameters={**made.parameters, **how},
        looked_at=made.looked_at,
    )


def record_of_step(
    step: str,
    name: str,
    cost: Cost,
    inputs: Sequence[Artifact],
    outputs: Sequence[Artifact],
    *,
    verdict: Verdict | None = None,
    code: str = "",
    parameters: Mapping[str, object] | None = None,
) -> Execution:
    """The record of a single step about `name`, made outside of a run. No cache finds it: what it did was done once."""
    return Execution(
        run=identifier(),
        pipeline=name,
        stage=step,
        key=digest([step, secrets.token_hex(16)]),
        code=code,
        started=cost.started,
        wall_seconds=cost.wall_seconds,
        cpu_seconds=cost.cpu_seconds,
        peak_bytes=cost.peak_bytes,
        verdict=verdict.value if verdict else "done",
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        parameters={key: to_plain(value) for key, value in (parameters or {}).items()},
    )


def identifier() -> str:
    """A new run's identifier: when it began, and six digits for those that begin in one second."""
    return f"{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}-{secrets.token_hex(3)}"


def _kept(work: Work, name: str, noun: Product) -> Artifact:
    """A dataset stays where it is; other nouns are put into the registry."""
    if isinstance(noun, Dataset):
        return Artifact(name, "dataset", noun.digest)
    kept = work.registry.put(noun)
    if not isinstance(noun, Statistics | Schema | Report):
        return Artifact(name, "model", kept)
    _draw(work, name, noun)
    if isinstance(noun, Report):
        return Artifact(name, "report", kept)
    return Artifact(name, "schema" if isinstance(noun, Schema) else "statistics", kept)


def _draw(work: Work, name: str, noun: Statistics | Schema | Report) -> None:
    from seakeep.views import html

    path = page_of(work, name, noun.digest)
    if not path.exists():
        write_text(path, html.render(noun, title=f"Statistics of {_PARTS[name]}" if name in _PARTS else ""))


def _verdict(made: Made) -> Outcome:
    """The worst verdict of a stage's reports; a stage without reports is done, and a release has its own."""
    if made.release:
        return made.release.release.verdict.value
    reports = [noun.verdict for noun in made.outputs.values() if isinstance(noun, Report)]
    return Verdict.worst(tuple(reports)).value if reports else "done"
