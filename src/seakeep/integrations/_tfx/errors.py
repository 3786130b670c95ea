"""The errors of TFX's files: torn, of another kind, or written by another version of tensorflow-metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import DataError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class BadProto(DataError):
    """A file of TFX's cannot be read or written as asked."""

    @classmethod
    def unreadable(cls, path: Path, error: OSError) -> BadProto:
        folder = path.parent
        near = nearest(path.name, [item.name for item in folder.iterdir()] if folder.is_dir() else [])
        return cls(
            f"cannot read {path}: {error.strerror or error}",
            cause=f"Did you mean {folder / near}?" if near else "",
            fix=f"ls -l {folder}",
            path=str(path),
            nearest=near,
        )

    @classmethod
    def ending(cls, path: Path, known: Sequence[str]) -> BadProto:
        return cls(
            f"the ending of {path} does not say how it is to be written",
            cause="Text and binary protos hold the same; the ending chooses.",
            fix=f"Name it with one of: {', '.join(known)}.",
            path=str(path),
        )

    @classmethod
    def torn(cls, path: str, kind: str, problem: str) -> BadProto:
        return cls(
            f"{path} is no whole {kind}: {problem}",
            where=path,
            cause="The file was cut off while it was written or copied, was edited by hand, or holds something else.",
            fix="Copy it again from where TFX wrote it (the artifact's folder in the pipeline's root), and compare the sizes.",
            path=path,
            kind=kind,
            problem=problem,
        )

    @classmethod
    def empty(cls, path: str, kind: str) -> BadProto:
        return cls(
            f"{path} is empty, a {kind} is expected",
            where=path,
            cause="The component that writes it did not end, or its disk was full.",
            fix="Run the TFX component again, or name the file of a run that succeeded.",
            path=path,
            kind=kind,
        )

    @classmethod
    def unknown_fields(cls, path: str, kind: str, fields: Sequence[str], version: str) -> BadProto:
        return cls(
            f"{path} holds fields that the {kind} of tensorflow-metadata {version} does not know: {', '.join(fields[:5])}",
            where=path,
            cause=f"A newer TFX wrote it (a rule that nobody reads is a rule that is not kept), or it is another message than a {kind}.",
            fix="pip install --upgrade tensorflow-metadata; or check what the file is: schema, statistics or anomalies.",
            path=path,
            kind=kind,
            fields=tuple(fields),
        )

    @classmethod
    def several_records(cls, path: str, kind: str, records: int) -> BadProto:
        return cls(
            f"{path} holds {records:,} records, a TFRecord of one {kind} is expected",
            where=path,
            cause="It is a file of examples, or the shards of statistics were put together.",
            fix="Read examples with: seakeep profile FILE.tfrecord; name one shard, or merge them with tfdv.load_sharded_statistics.",
            path=path,
            kind=kind,
            records=records,
        )

    @classmethod
    def several_datasets(cls, path: str, names: Sequence[str]) -> BadProto:
        return cls(
            f"{path} holds statistics of {len(names)} datasets and none of them is the whole table: {', '.join(names[:6])}",
            where=path,
            cause="TFDV writes a slice as a dataset beside 'All Examples'; a visualisation file may hold two tables.",
            fix=f"Name the one that is meant: dataset={names[0]!r}.",
            path=path,
            names=tuple(names),
        )

    @classmethod
    def no_dataset(cls, path: str, name: str, names: Sequence[str]) -> BadProto:
        near = nearest(name, names)
        return cls(
            f"{path} holds no statistics of a dataset {name!r}" if name else f"{path} holds no statistics at all",
            where=path,
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"It holds: {', '.join(repr(each) for each in names) or 'nothing'}.",
            path=path,
            dataset=name,
            names=tuple(names),
        )

    @classmethod
    def contradiction(cls, where: str, problem: str) -> BadProto:
        return cls(
            f"{where}: {problem}",
            where=where,
            cause="The proto was put together by hand, or its writer has an error; TFDV would refuse it or count wrongly.",
            fix="Make it again with TFDV (tfdv.generate_statistics_from_csv, tfdv.infer_schema), or correct the file.",
            problem=problem,
        )

    @classmethod
    def not_written(cls, where: str, problem: str, fix: str) -> BadProto:
        return cls(
            f"{where}: {problem}", where=where, cause="TFX's proto has no place for it.", fix=fix, problem=problem
        )
