"""Served: a model under the name and version that a server answers for.

Made from a release's or a model's folder by reading only what answering needs: the graph, the facts and the schema. The
statistics, which are most of a folder's text, are left on the disk, since reading them would double a server's start; who needs
them, or another of the release's documents, has them read then (`Served.statistics`, `Served.document`).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core.codec import from_json
from seakeep.core.errors import DataError, UsageError
from seakeep.core.model import EXPLANATION_FILE, FACTS_FILE, GRAPH_FILE, SCHEMA_FILE, STATISTICS_FILE, Facts, Model
from seakeep.core.release import MANIFEST_FILE, Release
from seakeep.core.schema import Schema
from seakeep.core.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seakeep.prediction_log.columns import Role

Identity = tuple[str, str, str]
_NEEDED = (FACTS_FILE, SCHEMA_FILE, GRAPH_FILE)


class CannotServe(DataError):
    """A folder does not hold a whole model."""

    @classmethod
    def absent(cls, path: Path) -> CannotServe:
        return cls(
            f"there is no {path.name} in {path.parent}",
            cause="Nothing is mounted there, the folder is not that of a release or a model, or its copy is incomplete.",
            fix="List what can be served with: seakeep releases",
            path=str(path),
        )

    @classmethod
    def no_folder(cls, path: Path) -> CannotServe:
        return cls(
            f"{path} is a file, expected the folder of a release",
            cause="A release is more than a graph: its contract says what is let in, its manifest that it is what was judged. "
            "A pickle is never loaded, and an ONNX file says neither.",
            fix="Have its estimator fitted by a pipeline of yours (seakeep init DIR writes one), and serve that release.",
            path=str(path),
        )

    @classmethod
    def changed(cls, path: Path, found: str, expected: str) -> CannotServe:
        return cls(
            f"{path.name} has the digest {found[:12]}, expected {expected[:12]} as its release states",
            where=str(path.parent),
            cause="The file was changed or torn after the release was made; what is served must be what was judged.",
            fix="Restore the folder from its source, or register the model again: seakeep run",
            path=str(path),
        )


class SameName(UsageError):
    """Two models would answer under one name."""

    @classmethod
    def of(cls, name: str, version: str) -> SameName:
        return cls(
            f"two models are called {name!r} version {version!r}",
            cause="A request names the model and its version in the path, so both together must differ.",
            fix="Serve one of them, or give the other its own name: Served.load(folder, name=…).",
            name=name,
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """A release's or a model's folder. files: SHA-256 by name, as the manifest states; None for a model without one."""

    folder: Path
    files: Mapping[str, str] | None

    def read(self, file: str) -> bytes | None:
        """A file's content, None where there is none. Raises CannotServe, if it is absent or not what the manifest states."""
        if file not in (self.files if self.files is not None else [file] * (self.folder / file).is_file()):
            return None
        content = _read(self.folder / file)
        if self.files is not None:
            _check(self.folder / file, content, self.files[file])
        return content


@dataclass(frozen=True, slots=True)
class Served:
    """A model that is answered for.

    name, version: as in the path `/v2/models/{name}/versions/{version}`. release: digest of the release, or of the model
    where it comes without one. model: without statistics and explanation. role: as what it answers requests that name no
    version, where no route says who does. kept: where the rest of it is.
    """

    name: str
    version: str
    release: str
    model: Model
    role: Role = "pinned"
    kept: Kept | Model | None = field(default=None, compare=False, repr=False)

    @property
    def statistics(self) -> Statistics:
        """Of the training table, read now; empty where the release has none. Raises CannotServe."""
        if isinstance(self.kept, Model):
            return self.kept.statistics
        content = self.document(STATISTICS_FILE)
        return Statistics() if content is None else Statistics.read(content, path=f"{STATISTICS_FILE} of {self.name}")

    def document(self, file: str) -> bytes | None:
        """A file of the release, read now and compared with the manifest; None where it has none. Raises CannotServe."""
        if isinstance(self.kept, Model):
            return self.kept.explanation or None if file == EXPLANATION_FILE else None
        return None if self.kept is None else self.kept.read(file)

    @property
    def identity(self) -> Identity:
        """What tells it from everything else that is answered for; one release may be served under two names."""
        return self.name, self.version, self.release

    @classmethod
    def load(
        cls, folder: Path, *, name: str | None = None, version: int | str | None = None, role: Role = "pinned"
    ) -> Served:
        """Read a release's or a model's folder; the files are checked against the release's manifest.

        Parameters: name: instead of the release's own. version: the registry's number; without one the first 12 digits of
            the release's digest serve. role: "champion" or "challenger", where others deal out the requests.
        Raises: CannotServe, if a file is absent or differs from the manifest; BadDocument, if one cannot be read.
        """
        folder = Path(folder)
        content = {file: _read(folder / file) for file in _NEEDED}
        release = _checked_release(folder, content)
        model = _model(folder, content)
        digest = release.digest if release else model.digest
        own_name = release.name if release else model.name
        kept = Kept(folder, release.files if release else None)
        return cls(name or own_name, digest[:12] if version is None else str(version), digest, model, role, kept)

    @classmethod
    def of(cls, source: Served | Model | Path | str) -> Served:
        """`source` as it is, or read from the folder that it names."""
        if isinstance(source, Served):
            return source
        if isinstance(source, Model):
            return cls(source.name, source.digest[:12], source.digest, _lean(source), kept=source)
        return cls.load(Path(source))


def gather(sources: Iterable[Served | Model | Path | str]) -> tuple[Served, ...]:
    """All of `sources`, each read once. Raises SameName if two have one name and version; UsageError if there is none."""
    served: dict[tuple[str, str], Served] = {}
    for one in map(Served.of, sources):
        if (one.name, one.version) in served:
            raise SameName.of(one.name, one.version)
        served[one.name, one.version] = one
    if not served:
        raise UsageError("there is no model to serve", fix="Name at least one: seakeep serve NAME")
    return tuple(served.values())


def class_text(name: object) -> str:
    """A class as a name: booleans as in JSON, `true` and `false`.

    >>> class_text(True), class_text(2), class_text("late")
    ('true', '2', 'late')
    """
    return str(name).lower() if isinstance(name, bool) else str(name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise CannotServe.absent(path) from error
    except NotADirectoryError as error:
        raise CannotServe.no_folder(path.parent) from error


def _checked_release(folder: Path, content: dict[str, bytes]) -> Release | None:
    if not (folder / MANIFEST_FILE).exists():
        return None
    release = Release.load(folder)
    for file, own in content.items():
        _check(folder / file, own, release.files.get(file, ""))
    return release


def _check(path: Path, content: bytes, expected: str) -> None:
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise CannotServe.changed(path, found, expected or "none")


def _model(folder: Path, content: dict[str, bytes]) -> Model:
    facts = from_json(Facts, content[FACTS_FILE], path=str(folder / FACTS_FILE))
    schema = from_json(Schema, content[SCHEMA_FILE], path=str(folder / SCHEMA_FILE))
    plain = {name: getattr(facts, name) for name in Facts.__slots__}
    return Model(graph=content[GRAPH_FILE], schema=schema, statistics=Statistics(), **plain)


def _lean(model: Model) -> Model:
    return replace(model, statistics=Statistics(), explanation=b"")
