"""Work: what the stages of one run share: the pipeline, the nouns made so far, and the registry behind them.

Everything is got when first asked for. A stage whose inputs were found in the cache reads them from the registry; the
pipeline's file is executed only when a stage needs a function or a dataset of it, which is what lets a run with nothing to do
import nothing.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from seakeep.core import Dataset, Model, Report, Schema, Statistics
from seakeep.data.engines import LOCAL
from seakeep.pipeline.calling import called, check_read, place_of
from seakeep.pipeline.cleaning import cleaned_for, joined
from seakeep.pipeline.errors import BadPipeline, CannotRun
from seakeep.pipeline.overrides import Overrides
from seakeep.pipeline.rows import kept
from seakeep.pipeline.sights import current
from seakeep.pipeline.spans.errors import BadSpans

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.core.codec import Json
    from seakeep.data.engines import Engine
    from seakeep.pipeline.declaration import Pipeline
    from seakeep.pipeline.project import Project
    from seakeep.pipeline.spans import Selection
    from seakeep.registry import Artifact, Registered, Registry, Sight
    from seakeep.registry.nouns import N


@dataclass(frozen=True, slots=True)
class Choice:
    """Which spans a run was asked to use. upto: the newest; None for the newest there is. without: those to leave out."""

    upto: str | None = None
    without: tuple[str, ...] = ()


Product = Dataset | Statistics | Schema | Report | Model
PARTS = ("training", "held_out")


class Work:
    """The state of one run.

    artifacts: outputs of the stages done so far by name. code: digest of the sources. choice: of the spans, as asked for.
    overrides: what this run changes of the pipeline.
    read_parameters: what is on record of the read stage. inferred: whether this run made the contract.
    """

    def __init__(
        self, project: Project, registry: Registry, *, name: str | None, code: str, choice: Choice | None = None,
        overrides: Overrides | None = None,
    ) -> None:  # fmt: skip
        self.project = project
        self.registry = registry
        self.code = code
        self.choice = choice or Choice()
        self.overrides = overrides or Overrides()
        self.artifacts: dict[str, Artifact] = {}
        self.data_sights: tuple[Sight, ...] = ()
        self.read_parameters: Mapping[str, Json] = {}
        self.inferred = False
        self._name = name
        self._nouns: dict[str, Product] = {}
        self._cleanings: dict[str, Report] = {}

    @functools.cached_property
    def pipeline(self) -> Pipeline:
        """The pipeline, loaded from its file. Raises CannotRun, if the sources are no longer those of the run's keys."""
        from seakeep.pipeline.load import load_pipeline

        pipeline = self.overrides.applied(load_pipeline(self.project, name=self._name))
        if self.project.code() != self.code:
            raise CannotRun.sources_changed(self.project.file)
        return pipeline

    @functools.cached_property
    def engine(self) -> Engine | None:
        """Where tables are worked on, connected when first asked for; None for this machine. Raises CannotConnect."""
        from seakeep.data.engines import connect

        address = self.project.settings.engine
        return None if address == LOCAL else connect(address)

    def close(self) -> None:
        """Let go of the engine, if it was connected."""
        engine = self.__dict__.pop("engine", None)
        if engine is not None:
            engine.close()

    def read(self, *paths: Path) -> Dataset:
        """What the pipeline's read function returns; paths: of the spans to read, for a pipeline that has spans.

        Raises: BadPipeline, if it gives no dataset, or one without a label; BadSpans, if it has not the shape that this needs.
        """
        check_read(self.pipeline.read, spans=self.pipeline.spans is not None)
        dataset = cast("object", cast("Any", self.pipeline.read)(*([paths] if paths else [])))
        if not isinstance(dataset, Dataset):
            raise BadPipeline.no_dataset(dataset)
        if dataset.label is None:
            raise BadPipeline.unlabelled(dataset.description)
        return dataset

    @functools.cached_property
    def selection(self) -> Selection | None:
        """The spans of this run; None for a pipeline without. Raises BadSpans."""
        spans, folder = self.pipeline.spans, self.project.file.parent
        if spans is None and self.choice != Choice():
            raise BadSpans.not_declared(self.project.file)
        return spans.select(folder, upto=self.choice.upto, without=self.choice.without) if spans else None

    def parts(self) -> tuple[Dataset, Dataset]:
        """The training and held-out parts; kept for the stages after this one."""
        chosen = self.selection
        if chosen is None:
            training, held_out = self._divided(self._cleaned(self.read(), "all"))
        else:
            training, held_out = (
                self._cleaned(self.read(*(span.path for span in part)), name)
                for name, part in zip(PARTS, (chosen.training, chosen.held_out), strict=True)
            )
        training, held_out = kept(self, training, held_out)
        self._nouns |= {"training": training, "held_out": held_out}
        return training, held_out

    def cleaning(self) -> Report | None:
        """What the cleaning steps changed, once `parts` was called; None where the pipeline declares none."""
        return joined(self._cleanings)

    def _cleaned(self, dataset: Dataset, part: str) -> Dataset:
        """The dataset after the pipeline's cleaning steps. Raises BadPipeline, BadCleaning."""
        if not self.pipeline.clean:
            return dataset
        cleaned = cleaned_for(self.pipeline, dataset)
        self._cleanings[part] = cleaned.report
        return cleaned.dataset

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
        """The training or held-out part. Raises CannotRun, if it is no longer what the read stage found."""
        if part not in self._nouns:
            self.parts()
            for name in PARTS:
                if name in self.artifacts and cast("Dataset", self._nouns[name]).digest != self.artifacts[name].digest:
                    raise CannotRun.data_changed("read", [cast("Dataset", self._nouns[name]).description])
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
        """Raise CannotRun, if a file of the dataset changed while the stage was reading it. New files beside it do not count."""
        changed = [sight.path for sight in self.data_sights if sight.kind == "file" and current(sight) is None]
        if changed:
            raise CannotRun.data_changed(stage, changed)

    def schema_path(self) -> Path:
        """Where the pipeline's contract stands, or will."""
        return self.pipeline.schema_path(self.project.file.parent)


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
