"""BadPipeline: a field of Pipeline has a value that it cannot have, or a function of it gives what it may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_DEFAULTS = ("profile", "infer_schema", "validate", "train", "evaluate")
_SHAPES = {"read": "Read.__call__", "held_out": "Split.__call__"}


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
