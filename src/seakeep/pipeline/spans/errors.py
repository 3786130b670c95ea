"""What can go wrong with spans, in words. All are BadSpans (a UsageError) but BadSpan, which is about one span's content."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.addresses import redacted
from seakeep.core.errors import DataError, SeakeepError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

EXAMPLE = 'seakeep.Spans("data/flights-*.parquet", newest=6)'


class BadSpans(UsageError):
    """The spans of a pipeline are declared wrongly, or are not there."""

    @classmethod
    def wrong(cls, field: str, found: object, expected: str) -> BadSpans:
        return cls(
            f"Spans({field}=…) is {found!r}, expected {expected}", fix=f"spans={EXAMPLE}", field=field, value=found
        )

    @classmethod
    def stars(cls, pattern: str) -> BadSpans:
        stars = pattern.count("*")
        told = f"{stars} stars" if "{" not in pattern else "not one place that is a span's name"
        return cls(
            f"the pattern {pattern!r} has {told}, expected one",
            cause="What the star (or {span}, or a date) matches is a span's name, so there must be exactly one; other signs stand for themselves.",
            fix=f"spans={EXAMPLE}",
            pattern=pattern,
        )

    @classmethod
    def place(cls, pattern: str, found: str, known: Sequence[str]) -> BadSpans:
        return cls(
            f"the pattern {pattern!r} has {found}, which is no part of one",
            cause=f"Known: {', '.join(known)}; {{date:%Y-%m-%d}} alone has a form after its colon.",
            fix='spans=seakeep.Spans("data/day={date:%Y-%m-%d}/flights-v{version}.parquet")',
            pattern=pattern,
            place=found,
        )

    @classmethod
    def part_of_a_date(cls, pattern: str, parts: Sequence[str]) -> BadSpans:
        return cls(
            f"the pattern {pattern!r} has {' and '.join(parts)} of a date, and not what is before",
            cause="A date is told from the year on: yyyy, mm, dd, hh.",
            fix='spans=seakeep.Spans("data/{yyyy}/{mm}/{dd}.parquet")',
            pattern=pattern,
            parts=tuple(parts),
        )

    @classmethod
    def address(cls, pattern: str) -> BadSpans:
        return cls(
            f"the pattern {redacted(pattern)!r} is an address, a path on this machine is expected",
            cause="Spans are looked for in folders; a bucket is read whole by its address.",
            fix="Mount or copy the spans, or read the bucket without spans: seakeep.read('s3://bucket/flights-2013-*.parquet').",
            pattern=redacted(pattern),
        )

    @classmethod
    def twice(cls, name: str, first: str, second: str) -> BadSpans:
        return cls(
            f"span {name!r} is both {first} and {second}",
            cause="Two paths fit the pattern as the same span and version, and which is meant cannot be told.",
            fix=f"Remove one of them, or name the versions in the pattern: {{version}}. For example: mv {second} {second}.old",
            name=name,
        )

    @classmethod
    def gaps(cls, lacking: Sequence[str], first: str, last: str, place: str) -> BadSpans:
        shown = ", ".join(lacking[:5]) + (f" and {len(lacking) - 5:,} more" if len(lacking) > 5 else "")
        return cls(
            f"there is no span {shown} between {first} and {last}",
            where=place,
            cause="A delivery failed or is late; or there is none on such days.",
            fix='Wait for it, or allow it: seakeep.Spans(…, gaps="allow")',
            lacking=tuple(lacking),
        )

    @classmethod
    def none(cls, pattern: str, place: str) -> BadSpans:
        return cls(
            f"no file or folder matches the spans' pattern {pattern!r}",
            where=place,
            cause="No span has arrived yet, or the pattern has a typing error; a relative one starts at the pipeline's file.",
            fix=f"ls {place.rpartition('/')[0]}",
            pattern=pattern,
        )

    @classmethod
    def too_few(cls, names: Sequence[str], held_out: int, place: str) -> BadSpans:
        return cls(
            f"there are {len(names)} spans ({', '.join(names) or 'none'}), expected at least {held_out + 1}",
            where=place,
            cause=f"held_out={held_out} keeps the last ones to judge the model, and one more must be left to train on.",
            fix="Wait for the next span, or hold out fewer of them: held_out=1",
            names=tuple(names),
        )

    @classmethod
    def unknown(cls, name: str, names: Sequence[str], place: str) -> BadSpans:
        near = nearest(name, names)
        return cls(
            f"there is no span {name!r}",
            where=place,
            cause=f"Did you mean {near!r}?" if near else f"The newest: {', '.join(names[-6:])}.",
            fix=f"--span {near or names[-1]}",
            name=name,
            nearest=near,
        )

    @classmethod
    def not_declared(cls, file: Path) -> BadSpans:
        return cls(
            "the pipeline has no spans, so none can be chosen",
            where=str(file),
            cause="A span is one of the files that Pipeline(spans=…) finds.",
            fix=f"Declare them: spans={EXAMPLE}",
            path=file,
        )

    @classmethod
    def and_held_out(cls, held_out: object) -> BadSpans:
        return cls(
            f"the pipeline has spans and held_out={held_out!r}, expected one of them",
            cause="With spans the last ones are held out, so nothing else can be.",
            fix='Remove held_out=…, and say how many spans: spans=seakeep.Spans("…", held_out=1)',
            value=held_out,
        )

    @classmethod
    def no_parameter(cls, shape: str, *, place: str) -> BadSpans:
        return cls(
            f"the pipeline has spans, and its read function takes {shape}, expected one parameter",
            where=place,
            cause="It is called with the paths of the spans to read: once for those trained on, once for those held out.",
            fix='def read(paths): return seakeep.read(paths, label="late")',
            shape=shape,
        )

    @classmethod
    def no_spans(cls, shape: str, *, place: str) -> BadSpans:
        return cls(
            f"the pipeline has no spans, and its read function takes {shape}, expected no parameter",
            where=place,
            cause="Only a pipeline with spans says which paths to read.",
            fix=f"Add spans={EXAMPLE} to the pipeline, or remove the parameter.",
            shape=shape,
        )


class BadSpan(DataError):
    """One span cannot be trained on."""

    @classmethod
    def empty(cls, name: str, path: Path) -> BadSpan:
        return cls(
            f"span {name} has no rows",
            where=str(path),
            cause="The file was delivered empty, or the read function keeps none of its rows (labels that are not there yet?).",
            fix=f"Replace the file, or train without it: --without {name}",
            name=name,
            path=path,
        )

    @classmethod
    def unreadable(cls, name: str, path: Path, error: SeakeepError) -> BadSpan:
        return cls(
            f"span {name} cannot be read: {error.found}",
            where=error.where or str(path),
            cause=error.cause,
            fix=f"{error.fix} Or train without it: --without {name}".strip(),
            name=name,
            path=path,
        )
