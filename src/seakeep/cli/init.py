"""Start a project that works: a pipeline, settings, synthetic data, a test."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

import click

from seakeep.cli._door import Door, verb
from seakeep.core.errors import UsageError

TEMPLATES = Path(__file__).parent / "_project"
FILES = {
    "README.md": "README.md.txt",
    "pipeline.py": "pipeline.py.txt",
    "seakeep.toml": "seakeep.toml.txt",
    ".gitignore": "gitignore.txt",
    "data/README.md": "data_README.md.txt",
    "tests/test_pipeline.py": "test_pipeline.py.txt",
}


class CannotStart(UsageError):
    """A project cannot be written there."""

    @classmethod
    def exists(cls, folder: Path, names: list[str]) -> CannotStart:
        return cls(
            f"{folder} has {names[0]} already",
            cause=f"Nothing is written over; {len(names)} of the project's files are there.",
            fix=f"Choose another folder: seakeep init {_beside(folder)}",
            folder=folder,
            names=tuple(names),
        )

    @classmethod
    def no_folder(cls, folder: Path) -> CannotStart:
        return cls(
            f"{folder} is not a folder",
            cause="A file has that name.",
            fix=f"seakeep init {_beside(folder)}",
            folder=folder,
        )


@verb
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
def command(door: Door, *, folder: Path) -> None:
    """Write a small working project into DIR; nothing is written over.

    Example: seakeep init parcels && seakeep run parcels/pipeline.py
    """
    from seakeep.cli._parcels import ROWS, parcels

    _check_free(folder)
    words = {"name": _name(folder), "rows": f"{ROWS:,}"}
    texts = {name: _filled(TEMPLATES / template, words) for name, template in FILES.items()}
    texts["data/parcels.csv"] = parcels()
    _write(folder, texts)
    written = [str(folder / name) for name in texts]
    run = f"seakeep run {folder / 'pipeline.py'}"
    door.show({"folder": str(folder), "files": written, "next": run}, lambda: "\n".join([*written, "", f"next: {run}"]))


def _write(folder: Path, texts: dict[str, str]) -> None:
    """Write every file; where one cannot be written, take back those that were, so that the next try finds none."""
    from seakeep.core.files import CannotWrite, write_text

    written: list[Path] = []
    try:
        for name, text in texts.items():
            write_text(folder / name, text)
            written.append(folder / name)
    except CannotWrite:
        for path in written:
            path.unlink(missing_ok=True)
        raise


def _beside(folder: Path) -> Path:
    """A folder of nearly the same name that can be proposed instead."""
    named = folder if folder.name else folder.absolute()
    return named.with_name(f"{named.name}-2")


def _check_free(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise CannotStart.no_folder(folder)
    there = [name for name in (*FILES, "data/parcels.csv") if (folder / name).exists()]
    if there:
        raise CannotStart.exists(folder, there)


def _name(folder: Path) -> str:
    """A release's name made of the folder's: what cannot stand in one becomes a hyphen."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.absolute().name).strip("-._")[:100]
    return name or "parcels"


def _filled(template: Path, words: dict[str, str]) -> str:
    return Template(template.read_text(encoding="utf-8")).substitute(words)
