"""Verbs that compose several rooms: judge and register a model, by what a person calls it; `batch` scores with it, `answering` serves it.

The command line and notebooks call these; each finds the registry and the release, lets one room do the work, and puts on
record what was made from what, so that a single step leaves the same lineage as a pipeline's.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Dataset, Model, Release, Report
from seakeep.core.model import FACTS_FILE
from seakeep.core.release import MANIFEST_FILE
from seakeep.data.engines import LOCAL
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.project import find_place
from seakeep.pipeline.recording import record_of_step
from seakeep.pipeline.settings import load_settings
from seakeep.registry import Artifact, Registered, Registry
from seakeep.registry.folders import check_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from seakeep.data.engines import Engine
    from seakeep.evaluation import Requirement
    from seakeep.monitoring import Monitor
    from seakeep.registry.artifacts import ArtifactKind
    from seakeep.serving import Served

Reference = str | Path | Model


@dataclass(frozen=True, slots=True)
class Found:
    """A model that a reference stands for, and where it comes from: a release, or its folder alone, or memory."""

    model: Model
    registered: Registered | None = None

    @property
    def artifact(self) -> Artifact:
        """The release, or the model where there is none."""
        if self.registered:
            return Artifact(self.registered.label, "release", self.registered.release.digest)
        return Artifact(self.model.name, "model", self.model.digest)


def find_registry(home: Path | str | None = None, *, create: bool = False) -> Registry:
    """The registry of `home`, or of the project around the working folder. Raises UnreadableRegistry where there is none."""
    start = Path.cwd()
    place = find_place(start, load_settings(start, arguments={"home": home}))
    return Registry(place, create=create)


def find(reference: Reference, *, home: Path | str | None = None) -> Found:
    """The model behind a release's name, "name@3", a digest's first digits, or a folder; its files are checked first.

    A folder without a manifest is a model's own, which nothing states the digests of.
    Raises: BadReference, TornRelease, UnreadableRegistry; BadDocument, for a folder that was copied in part.
    """
    if isinstance(reference, Model):
        return Found(reference)
    folder = Path(reference)
    if (folder / FACTS_FILE).is_file():
        if (folder / MANIFEST_FILE).is_file():
            check_folder(folder, Release.load(folder).digest)
        return Found(Model.load(folder))
    with find_registry(home) as registry:
        registered = registry.resolve(str(reference), check=True)
    return Found(Model.load(registered.folder), registered)


def evaluate(
    reference: Reference,
    data: Dataset | object,
    *,
    slices: Sequence[str | tuple[str, ...]] = (),
    require: Sequence[Requirement] = (),
    champion: Reference | None = None,
    explain: bool = True,
    seed: int = 0,
    engine: str | None = None,
    home: Path | str | None = None,
) -> Report:
    """Judge a model on labelled rows.

    Parameters: reference: a model, or what names its release. data: a dataset, or what seakeep.read takes; label, time and
        key are then the contract's. champion: what to compare with. engine: an address; None for the setting's.
        Others: see seakeep.evaluation.evaluate.
    """
    from seakeep import evaluation
    from seakeep.serving import OnnxPredictor

    found = find(reference, home=home)
    dataset = data if isinstance(data, Dataset) else _labelled(data, found.model)
    rival = find(champion, home=home).model if champion is not None else None
    with on_engine(engine) as connection:
        return evaluation.evaluate(
            OnnxPredictor(found.model),
            found.model,
            dataset,
            slices=slices,
            require=require,
            champion_predictor=OnnxPredictor(rival) if rival else None,
            champion_model=rival,
            explain=explain,
            seed=seed,
            engine=connection,
        )


def register(
    name: str,
    model: Model,
    reports: Sequence[Report],
    *,
    home: Path | str | None = None,
    made_from: Mapping[str, str] | None = None,
    force: bool = False,
) -> Registered:
    """Make a release with a card, and put it on record.

    made_from: digests by role ("training"); the model's and the schema's are added. Raises: ReleaseRefused, if a report
    fails and not `force`.
    """
    from seakeep.serving.examples import text_of
    from seakeep.views.card import card

    origins = {**(made_from or {}), "model": model.digest, "schema": model.schema.digest}
    with find_registry(home, create=True) as registry:
        with Cost() as cost:
            registry.put(model)
            for report in reports:
                registry.put(report)
            text = card(model, reports)
            registered = registry.register(
                name, model, reports, made_from=origins, card=text, examples=text_of(model), force=force
            )
        kinds: dict[str, ArtifactKind] = {"model": "model", "schema": "schema"}
        inputs = [
            Artifact(role, kinds.get(role, "dataset"), origin) for role, origin in origins.items() if role != "code"
        ]
        inputs += [Artifact(report.kind, "report", report.digest) for report in reports]
        output = Artifact(registered.label, "release", registered.release.digest)
        registry.record(
            record_of_step(
                "register",
                name,
                cost,
                inputs,
                (output,),
                verdict=registered.release.verdict,
                parameters={"forced": force},
            )
        )
    return registered


@contextlib.contextmanager
def on_engine(engine: str | None = None) -> Iterator[Engine | None]:
    """The engine at an address, or else of the working folder's settings; None for this machine, where nothing is started.

    Raises: BadEngine, BadSetting, CannotConnect, MissingExtra.
    """
    from seakeep.data.engines import connected

    address = load_settings(Path.cwd(), flags={"engine": engine}).engine
    if address == LOCAL:
        yield None
        return
    with connected(address) as connection:
        yield connection


def monitor(
    registry: Registry, name: str, *, flags: Mapping[str, object] | None = None, restart: bool = False
) -> Monitor:
    """The monitor of a name, set up by the settings of the working folder.

    flags: settings ("monitor.window", "monitor.by", …) that come before those of the environment and of seakeep.toml.
    restart: whether to forget how far the watch has come. Raises: BadReference, BadMonitor, BadSetting.
    """
    from seakeep.monitoring import Monitor

    settings = load_settings(Path.cwd(), flags=flags).monitor
    registry.releases(name)  # raises where there is none, before anything is forgotten
    if restart:
        Monitor.restart(registry, name)
    return Monitor(registry, name, settings)


def _labelled(data: object, model: Model) -> Dataset:
    from seakeep import data as data_room

    schema = model.schema
    return data_room.read(data, label=schema.label, time=schema.time, key=schema.key)


def served(registered: Registered) -> Served:
    """A release of a registry, as servers and scores take it."""
    from seakeep.serving import Served

    return Served.load(registered.folder, version=registered.version)
