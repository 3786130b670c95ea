"""StageBroke and CannotRun: a stage that was begun and broke, or that cannot run as asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import SeakeepError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class StageBroke(SeakeepError):
    """The project's own code raised an exception within a stage."""

    @classmethod
    def at(cls, stage: str, place: str, error: BaseException) -> StageBroke:
        return cls(
            f"stage {stage} broke off: {type(error).__name__}: {error}",
            where=place,
            cause="The error was raised by the project's own code.",
            fix=f"Mend {place.partition(' ')[0]}, then run again: stages that are done are kept.",
            stage=stage,
            place=place,
        )


class CannotRun(SeakeepError):
    """A stage cannot run as asked."""

    @classmethod
    def stage_first(cls, stage: str, needed: str, file: Path) -> CannotRun:
        return cls(
            f"stage {stage} needs what stage {needed} makes, and that is not on record for the present code and data",
            cause="The stage has not run yet, or the code, the data or the schema have changed since.",
            fix=f"seakeep run {file} --stage {needed}",
            stage=stage,
            needed=needed,
        )

    @classmethod
    def after_failure(cls, stage: str, failed: str, file: Path) -> CannotRun:
        return cls(
            f"stage {stage} does not run, since stage {failed} failed",
            cause="A stage that fails its checks stops the life there.",
            fix=f"See which checks failed: seakeep run {file} --stage {failed}",
            stage=stage,
            failed=failed,
        )

    @classmethod
    def data_changed(cls, stage: str, paths: Sequence[str]) -> CannotRun:
        return cls(
            f"data changed while stage {stage} was running",
            where=", ".join(paths[:5]),
            cause="Another program writes into the files that are being read; what was made of them is not kept.",
            fix="Run it again when the files are complete: write elsewhere, then rename into place.",
            stage=stage,
            paths=tuple(paths),
        )

    @classmethod
    def sources_changed(cls, file: Path) -> CannotRun:
        return cls(
            "the project's sources changed while they were being read",
            where=str(file),
            cause="An editor saved a file, or another version was checked out, between looking at it and running it.",
            fix=f"seakeep run {file}",
            file=file,
        )
