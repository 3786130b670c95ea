"""Project: where a pipeline's sources, settings and registry are, and the digests of all that decides its answers.

Everything here runs before anything is imported, on every run, so it must be fast: it reads the project's own sources and
lists the names of what is installed. Sources are the `*.py` files that the pipeline's file could import by name: those below
the project's folder, in folders whose names are identifiers, but for tests and virtual environments.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import seakeep
from seakeep.core.codec import digest
from seakeep.pipeline.errors import CannotLoad
from seakeep.pipeline.settings import Settings, load_settings
from seakeep.registry.place import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOME = ".seakeep"
_NOT_SOURCES = ("tests", "node_modules", "__pycache__")


@dataclass(frozen=True, slots=True)
class Project:
    """A pipeline's file and its surroundings; absolute paths.

    root: the folder of seakeep.toml, or of the file where there is none. home: the registry's folder.
    """

    file: Path
    root: Path
    home: Path
    settings: Settings

    @classmethod
    def of(cls, file: Path | str, *, arguments: Mapping[str, object] | None = None,
           flags: Mapping[str, object] | None = None) -> Project:  # fmt: skip
        """The project around a pipeline's file. Raises CannotLoad, if there is no such file; BadSetting."""
        path = Path(file).absolute()
        if path.suffix != ".py" and path.exists():
            raise CannotLoad.not_python(Path(file))
        if not path.is_file():
            raise CannotLoad.absent(Path(file))
        settings = load_settings(path.parent, arguments=arguments, flags=flags)
        root = settings.file.parent if settings.file else path.parent
        return cls(path, root, find_home(path.parent, settings), settings)

    @property
    def place(self) -> Place:
        """Where the registry is: its folder, its database and its objects."""
        return Place(self.home, self.settings.database, self.settings.objects)

    @property
    def name(self) -> str:
        """The file's path within the project, with forward slashes."""
        return self.file.relative_to(self.root).as_posix()

    def code(self) -> str:
        """Digest of the project's sources by relative path. Equal on any machine with the same sources."""
        return digest({path.relative_to(self.root).as_posix(): _content(path) for path in self._sources()})

    def _sources(self) -> list[Path]:
        return sorted({self.file, *_python_files(self.root)})


def find_home(start: Path, settings: Settings) -> Path:
    """The registry's folder: the setting, else `.seakeep` beside seakeep.toml, else the nearest one upwards, else in `start`.

    A relative path starts at the folder of seakeep.toml where that file gave it, else at the working folder.
    """
    if settings.home:
        return Path(os.path.normpath(Path(settings.home).expanduser().absolute()))
    if settings.file:
        return settings.file.parent / HOME
    start = Path(start).absolute()
    return next((folder / HOME for folder in (start, *start.parents) if (folder / HOME).is_dir()), start / HOME)


def find_place(start: Path, settings: Settings) -> Place:
    """The registry's folder as `find_home` finds it, with the database and the objects that the settings name."""
    return Place(find_home(start, settings), settings.database, settings.objects)


@functools.cache
def environment() -> str:
    """Digest of the Python version, the machine's kind, and the names and versions of everything that is installed."""
    installed = sorted(name for folder in sys.path if folder for name in _installed(Path(folder)))
    return digest([sys.version, platform.machine(), seakeep.__version__, installed, _own_sources()])


def _installed(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.name.endswith((".dist-info", ".egg-info"))]


def _own_sources() -> list[list[object]]:
    """Seakeep's own files by size and time: one that is installed as a link to its sources changes without its version."""
    root = Path(seakeep.__file__).parent
    return [
        [str(path.relative_to(root)), status.st_size, status.st_mtime_ns]
        for path in sorted(_python_files(root))
        for status in (path.stat(),)
    ]


def _python_files(root: Path) -> Iterator[Path]:
    """Python files below `root` that can be imported by name."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if _may_hold_sources(Path(folder, name))]
        yield from (Path(folder, name) for name in names if name.endswith(".py"))


def _may_hold_sources(folder: Path) -> bool:
    fits = folder.name.isidentifier() and folder.name not in _NOT_SOURCES
    return fits and not (folder / "pyvenv.cfg").exists()


def _content(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
