"""CannotLoad: the pipeline's file is absent, breaks, or does not hold exactly one pipeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


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
