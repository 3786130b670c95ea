"""What can go wrong with a pipeline, in words.

SeakeepError
├── CannotLoad      the pipeline's file is absent, breaks, or does not hold exactly one pipeline
├── BadPipeline     a field of Pipeline has a value that it cannot have
├── BadSetting      seakeep.toml, an environment variable or a flag is wrong
├── StageBroke      the project's own code raised an exception within a stage
└── CannotRun       a stage cannot run as asked
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import SeakeepError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


_DEFAULTS = ("profile", "infer_schema", "validate", "train", "evaluate")
_SHAPES = {"read": "Read.__call__", "held_out": "Split.__call__"}


class CannotLoad(UsageError):
    """A pipeline cannot be taken from a file."""

    @classmethod
    def absent(cls, path: Path) -> CannotLoad:
        folder = path.parent
        names = sorted(item.name for item in folder.glob("*.py")) if folder.is_dir() else []
        near = nearest(path.name, names)
        return cls(
            f"there is no file {path}",
            cause=f"Did you mean {folder / near}?"
            if near
            else f"Python files there: {', '.join(names[:8]) or 'none'}.",
            fix="Start a project: seakeep init DIR && seakeep run DIR/pipeline.py",
            path=path,
        )

    @classmethod
    def not_python(cls, path: Path) -> CannotLoad:
        return cls(
            f"{path} is not a Python file",
            cause="A pipeline is a Python file that assigns a seakeep.Pipeline to a name.",
            fix="seakeep run pipeline.py",
            path=path,
        )

    @classmethod
    def broke(cls, path: Path, place: str, error: BaseException) -> CannotLoad:
        return cls(
            f"{path.name} breaks when it is run: {type(error).__name__}: {error}",
            where=place,
            cause="The error is in the project's own code, or in something that it imports.",
            fix=f"See it whole: python {path}",
            path=path,
            place=place,
        )

    @classmethod
    def none(cls, path: Path, names: Sequence[str]) -> CannotLoad:
        listed = ", ".join(names[:8]) or "nothing"
        return cls(
            "there is no Pipeline in the file",
            where=str(path),
            cause=f"At its top level it defines: {listed}.",
            fix="Assign one to a name: trips = seakeep.Pipeline(name=…, read=…, features=…, estimator=…)",
            path=path,
        )

    @classmethod
    def many(cls, path: Path, names: Sequence[str]) -> CannotLoad:
        return cls(
            f"there are {len(names)} pipelines in the file, expected one",
            where=str(path),
            cause=f"Their names: {', '.join(names)}.",
            fix=f"Say which: seakeep run {path} --name {names[0]}",
            path=path,
            names=tuple(names),
        )

    @classmethod
    def unnamed(cls, path: Path, name: str, names: Sequence[str]) -> CannotLoad:
        near = nearest(name, names)
        return cls(
            f"no pipeline in the file is called {name!r}",
            where=str(path),
            cause=f"Did you mean {near!r}?" if near else f"Its pipelines: {', '.join(names)}.",
            fix=f"seakeep run {path} --name {near or names[0]}",
            path=path,
            names=tuple(names),
        )


class BadPipeline(UsageError):
    """A field of a Pipeline has a value that it cannot have."""

    @classmethod
    def of(cls, field: str, found: object, expected: str, *, fix: str) -> BadPipeline:
        return cls(f"Pipeline({field}=…) is {found!r}, expected {expected}", fix=fix, field=field, value=found)

    @classmethod
    def no_dataset(cls, found: object) -> BadPipeline:
        return cls(
            f"the pipeline's read function returned a {type(found).__name__}, expected a seakeep.Dataset",
            cause="It returned the table itself, or nothing.",
            fix='return seakeep.read("trips/*.parquet", label="tip", time="pickup", key="trip_id")',
            value=found,
        )

    @classmethod
    def wrong_noun(cls, slot: str, found: object, expected: type, *, place: str) -> BadPipeline:
        return cls(
            f"the pipeline's {slot} function returned a {type(found).__name__}, expected a {expected.__name__}",
            where=place,
            cause="It lacks a return, or returns something else than the function whose place it takes.",
            fix=f"Let it return what the default returns: from seakeep.pipeline import slots; return slots.{slot}(…)"
            if slot in _DEFAULTS
            else f"Let it return a {expected.__name__}.",
            slot=slot,
            value=found,
            expected=expected,
        )

    @classmethod
    def no_parts(cls, found: Sequence[object], *, place: str) -> BadPipeline:
        kinds = ", ".join(type(each).__name__ for each in found)
        return cls(
            f"the pipeline's held_out function returned ({kinds}), expected two Datasets",
            where=place,
            cause="It must return what is trained on, and then what is held out.",
            fix='return seakeep.split(dataset, at="2013-10-01")',
            value=tuple(found),
        )

    @classmethod
    def same_parts(cls, *, place: str) -> BadPipeline:
        return cls(
            "the pipeline's held_out function returned the same rows to train on and to hold out",
            where=place,
            cause="A model that is judged on what it was fitted to looks better than it is.",
            fix="return seakeep.split(dataset, share=0.25)",
        )

    @classmethod
    def wrong_item(cls, field: str, found: object, expected: str, *, fix: str) -> BadPipeline:
        return cls(f"Pipeline({field}=…) holds {found!r}, expected {expected}", fix=fix, field=field, value=found)

    @classmethod
    def cleans_feature(cls, step: str, column: str, stated: str) -> BadPipeline:
        return cls(
            f"the cleaning step {step} changes {column!r}, which is a feature",
            cause="The graph answers raw requests, so it would be asked about values that were never cleaned.",
            fix="Say it in the features instead (fill, clip, missing_flag), or clean upstream; if requests and tables to be scored "
            f"arrive with this cleaning done, state it: {stated}",
            step=step,
            column=column,
        )

    @classmethod
    def wrong_shape(cls, slot: str, shape: str, reason: str, *, place: str) -> BadPipeline:
        return cls(
            f"the pipeline's {slot} function cannot be called: {reason}",
            where=place,
            cause=f"It takes {shape}, which is not the shape of the function whose place it takes.",
            fix=f"See the shape: python -c 'import inspect; from seakeep.pipeline import slots; "
            f"print(inspect.signature(slots.{slot if slot in _DEFAULTS else _SHAPES[slot]}))'",
            slot=slot,
            shape=shape,
            reason=reason,
        )

    @classmethod
    def unlabelled(cls, dataset: str) -> BadPipeline:
        return cls(
            "the dataset has no label, so there is nothing to learn",
            where=dataset,
            cause="The read function does not say which column is to be predicted.",
            fix='return seakeep.read(…, label="tip")',
        )

    @classmethod
    def timeless(cls, window: str, time: str | None, kind: str, dataset: str) -> BadPipeline:
        found = f"its time column {time!r} holds values of kind {kind}" if time else "its dataset has no time column"
        fix = (
            f'derive={{"{time}": polars.col("{time}").str.to_datetime("%Y-%m-%d %H:%M:%S")}}'
            if time
            else 'time="scheduled"'
        )
        return cls(
            f"the pipeline has window={window!r}, and {found}",
            where=dataset,
            cause="Windows are cut by the time of each row, which must be a timestamp.",
            fix=f"return seakeep.read(…, {fix}), or remove window=…",
            window=window,
            time=time,
        )

    @classmethod
    def roles_differ(cls, role: str, declared: str | None, contract: str | None, path: Path) -> BadPipeline:
        return cls(
            f"the read function names {declared!r} as the {role}, the schema {contract!r}",
            where=str(path),
            cause="One of them was changed and the other was not.",
            fix=f"Write `{role}: {declared}` into {path}, or change {role}= in the read function.",
            role=role,
        )

    @classmethod
    def known_before(cls, column: str, path: Path) -> BadPipeline:
        return cls(
            f"the pipeline says that column {column!r} is not known before the prediction, the schema says that it is",
            where=str(path),
            cause="The schema was written before the column was listed in after=[…].",
            fix=f"Write `available: after` under {column} in {path}.",
            column=column,
        )

    @classmethod
    def empty_part(cls, part: str, held_out: object) -> BadPipeline:
        return cls(
            f"the {part} part of the dataset has no rows",
            where=f"held_out={held_out!r}",
            cause="The point in time lies outside of the data, or the data has too few keys.",
            fix="Look at its range first: seakeep profile DATA",
            part=part,
        )


class BadSetting(UsageError):
    """A setting is wrong; the message lists every place that was tried."""

    @classmethod
    def unknown(cls, key: str, known: Iterable[str], *, place: str) -> BadSetting:
        known = sorted(known)
        near = nearest(key, known)
        return cls(
            f"there is no setting {key!r}",
            where=place,
            cause=f"Did you mean {near!r}?" if near else f"Known: {', '.join(known)}.",
            fix=f"Rename it to {near}, or remove the line." if near else "Remove the line.",
            key=key,
            nearest=near,
        )

    @classmethod
    def wrong(cls, key: str, found: object, expected: str, *, place: str, tried: Sequence[str]) -> BadSetting:
        return cls(
            f"setting {key} is {found!r}, expected {expected}",
            where=place,
            cause="Tried in order:\n    " + "\n    ".join(tried),
            fix=f"Change it there, or give the setting in a place that comes earlier: {tried[1].partition(':')[0]}",
            key=key,
            value=found,
            tried=tuple(tried),
        )

    @classmethod
    def secret(cls, key: str, variable: str, *, place: str) -> BadSetting:
        return cls(
            f"setting {key} holds a password or a key, which may not stand in a file",
            where=place,
            cause="The file is kept with the project's sources, and many read it.",
            fix=f"Take it out, and give it by the environment ({variable}, PGPASSWORD, PGPASSFILE) or the cloud's own identity.",
            key=key,
        )

    @classmethod
    def unreadable(cls, path: Path, reason: str) -> BadSetting:
        return cls(
            f"the settings are not TOML: {reason}",
            where=str(path),
            cause="A quote or bracket is not closed, or text stands without quotes.",
            fix=f"Mend that line of {path}, for example: workers = 2",
            path=path,
        )


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
