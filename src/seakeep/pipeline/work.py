"""Work: what the stages of one run share: the pipeline, the nouns made so far, and the registry behind them.

Everything is got when first asked for. A stage whose inputs were found in the cache reads them from the registry; the
pipeline's file is executed only when a stage needs a function or a dataset of it, which is what lets a run with nothing to do
import nothing.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, cast

from seakeep.core import Dataset, Model, Report, Schema, Statistics
from seakeep.pipeline.calling import called, check_shape, place_of
from seakeep.pipeline.errors import BadPipeline, CannotRun
from seakeep.pipeline.sights import current

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.pipeline.declaration import Pipeline
    from seakeep.pipeline.project import Project
    from seakeep.registry import Artifact, Registered, Registry, Sight
    from seakeep.registry.nouns import N

Product = Dataset | Statistics | Schema | Report | Model
PARTS = ("training", "held_out")


class Work:
    """The state of one run. artifacts: outputs of the stages done so far by name. code: digest of the sources."""

    def __init__(self, project: Project, registry: Registry, *, name: str | None, code: str) -> None:
        self.project = project
        self.registry = registry
        self.code = code
        self.artifacts: dict[str, Artifact] = {}
        self.data_sights: tuple[Sight, ...] = ()
        self._name = name
        self._nouns: dict[str, Product] = {}

    @functools.cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline, loaded from its file. Raises CannotRun, if the sources are no longer those of the run's keys."""
        from seakeep.pipeline.load import load_pipeline

        pipeline = load_pipeline(self.project, name=self._name)
        if self.project.code() != self.code:
            raise CannotRun.sources_changed(self.project.file)
        return pipeline

    def read(self) -> Dataset:
        """The pipeline's dataset, undivided. Raises BadPipeline, if the read function gives none, or one without a label."""
        check_shape("read", self.pipeline.read)
        dataset = cast("object", self.pipeline.read())
        if not isinstance(dataset, Dataset):
            raise BadPipeline.no_dataset(dataset)
        if dataset.label is None:
            raise BadPipeline.unlabelled(dataset.description)
        return dataset

    def divide(self, dataset: Dataset) -> tuple[Dataset, Dataset]:
        """The training and held-out parts; kept for the stages after this one."""
        training, held_out = self._divided(dataset)
        self._nouns |= {"training": training, "held_out": held_out}
        return training, held_out

    def _divided(self, dataset: Dataset) -> tuple[Dataset, Dataset]:
        """The two parts. Raises BadPipeline, where the user's function gives something else, or the same rows twice."""
        split = self.pipeline.held_out
        if not callable(split):
            return self.pipeline.divided(dataset)
        parts = called("held_out", split, tuple, dataset)
        if len(parts) != len(PARTS) or not all(isinstance(part, Dataset) for part in parts):
            raise BadPipeline.no_parts(parts, place=place_of(split))
        if parts[0].digest == parts[1].digest:
            raise BadPipeline.same_parts(place=place_of(split))
        return parts

    def dataset(self, part: str) -> Dataset:
        """The training or held-out part."""
        if part not in self._nouns:
            self.divide(self.read())
        return cast("Dataset", self._nouns[part])

    def noun(self, kind: type[N], name: str) -> N:
        """The output of this name, from memory or from the registry."""
        if name not in self._nouns:
            self._nouns[name] = self.registry.get(kind, self.artifacts[name].digest)
        return cast("Any", self._nouns[name])  # type: ignore[no-any-return]

    def keep(self, outputs: Mapping[str, Product]) -> None:
        """Remember outputs for the stages after this one."""
        self._nouns |= outputs

    def check_data(self, stage: str) -> None:
        """Raise CannotRun, if a file of the dataset changed while the stage was reading it."""
        changed = [sight.path for sight in self.data_sights if current(sight) is None]
        if changed:
            raise CannotRun.data_changed(stage, changed)

    def schema_path(self) -> Path:
        """Where the pipeline's contract stands, or will."""
        folder, given = self.project.file.parent, self.pipeline.schema
        return folder / (given or f"{self.pipeline.name}.schema.yaml")


def baseline(registry: Registry, name: str, model: str) -> Registered | None:
    """The release that a model (by digest) is compared with: the champion, or None.

    Where the champion is this very model it is what the champion was compared with, so that running again after a release
    asks the same question.
    """
    champion = registry.champion(name)
    if champion is None or champion.release.made_from.get("model") != model:
        return champion
    before = champion.release.made_from.get("champion")
    return registry.resolve(before) if before else None
