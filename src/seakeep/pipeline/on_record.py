"""What is on record of a run's stages: the execution by whose outputs a stage need not be performed again.

Called by the runner. What is hard is to look at nothing that costs: keys are digests that are known, files are looked at and not read, and outputs are taken
for whole by their sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import digest
from seakeep.pipeline.sights import current
from seakeep.pipeline.stages import is_whole

if TYPE_CHECKING:
    from seakeep.core.codec import Json
    from seakeep.pipeline.stage import Stage
    from seakeep.pipeline.work import Work
    from seakeep.registry import Execution, Sight


@dataclass(frozen=True, slots=True)
class OnRecord:
    """work: of the run. common: what every stage's key holds: the project, its sources, and all that is installed."""

    work: Work
    common: list[Json]

    def find(self, stage: Stage, pipeline: str) -> Execution | None:
        """The execution whose outputs are a stage's, and whole; None where it must be performed. pipeline: its name, where it is known."""
        for variant in stage.variants(self.work, pipeline):
            for execution in self.work.registry.executions.with_key(self.key(stage, variant)):
                if self._holds(execution):
                    return execution
        return None

    def key(self, stage: Stage, variant: str) -> str:
        """The digest of all that decides a stage's outputs, but for what it looks at."""
        inputs: list[Json] = [self.work.artifacts[name].digest for name in (*stage.inputs, *stage.through)]
        return digest([stage.name, variant, self.common, inputs])

    def _holds(self, execution: Execution) -> bool:
        """Whether what an execution looked at is as it was, and what it made is there."""
        seen: list[Sight] = []
        for sight in execution.looked_at:
            now = current(sight)
            if now is None:
                return False
            seen.append(now)
        if not all(is_whole(output, execution, self.work) for output in execution.outputs):
            return False
        if any(now is not sight for now, sight in zip(seen, execution.looked_at, strict=True)):
            self.work.registry.executions.look_again(execution.id, tuple(seen))
        return True
