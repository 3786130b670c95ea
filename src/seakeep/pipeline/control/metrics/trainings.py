"""What triggers decided, and what came of the last training that they started. Called by `text`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from seakeep.core.codec import from_plain
from seakeep.pipeline.control.metrics.families import (
    RETRAINED,
    RETRAINING,
    RETRAINING_DECISION,
    RETRAINING_RESULT,
    RETRAINING_SECONDS,
)
from seakeep.pipeline.retraining.attending import OUTCOME, STATE
from seakeep.pipeline.retraining.trainings import Kept, Result
from seakeep.pipeline.retraining.triggers import Code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.pipeline.control.metrics.families import Told
    from seakeep.registry import Registry


def tell(registry: Registry, name: str) -> Iterator[Told]:
    """The state of the triggers; nothing where nobody has attended to this name."""
    document = registry.documents.get(STATE, name)
    if document is None:
        return
    kept = from_plain(Kept, document.content, path=f"{STATE} {name}")
    yield RETRAINING, (name,), kept.running is not None
    for code in get_args(Code):
        yield RETRAINING_DECISION, (name, code), kept.told[:1] == (code,)
    yield from _last(registry, name)


def _last(registry: Registry, name: str) -> Iterator[Told]:
    """The last training that ended. A release whose rollout waits has a line too, which is no training's."""
    for entry in reversed(registry.journal.entries(kind=OUTCOME, name=name)):
        content: Any = entry.content
        if content["result"] in get_args(Result):
            yield RETRAINED, (name,), entry.at
            yield RETRAINING_SECONDS, (name,), content["seconds"]
            for result in get_args(Result):
                yield RETRAINING_RESULT, (name, result), content["result"] == result
            return
