"""What can go wrong with a pipeline, in words, a file a topic.

SeakeepError
├── CannotLoad      the pipeline's file is absent, breaks, or does not hold exactly one pipeline
├── BadPipeline     a field of Pipeline has a value that it cannot have
├── BadSetting      seakeep.toml, an environment variable or a flag is wrong
├── StageBroke      the project's own code raised an exception within a stage
└── CannotRun       a stage cannot run as asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep._lazy import lazily

_HOMES = {
    "BadPipeline": "declaring",
    "BadSetting": "setting",
    "CannotLoad": "loading",
    "CannotRun": "running",
    "StageBroke": "running",
}

__all__ = ["BadPipeline", "BadSetting", "CannotLoad", "CannotRun", "StageBroke"]

if TYPE_CHECKING:
    from seakeep.pipeline.errors.declaring import BadPipeline
    from seakeep.pipeline.errors.loading import CannotLoad
    from seakeep.pipeline.errors.running import CannotRun, StageBroke
    from seakeep.pipeline.errors.setting import BadSetting

__getattr__, __dir__ = lazily(__name__, _HOMES)
