"""The six stages of a pipeline's life, each from named inputs to named outputs.

`read` says where the data is and divides it; `profile` knows it; `validate` holds it to its contract, or infers one; `train`
makes a model that passed its parity checks; `evaluate` judges it on what it never saw, beside the champion; `register` makes
a release of it. The runner finds, measures and records; nothing here knows of caches.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from seakeep.core import Kind, Model, Report, Schema, Statistics, durations
from seakeep.core.errors import SchemaMismatch
from seakeep.core.release import MANIFEST_FILE
from seakeep.pipeline import contract, rows, slots
from seakeep.pipeline.calling import called
from seakeep.pipeline.contract import engine_for
from seakeep.pipeline.errors import BadPipeline
from seakeep.pipeline.overrides import ROLE
from seakeep.pipeline.reading import read, spans_of, variant
from seakeep.pipeline.sights import look_at_file
from seakeep.pipeline.stage import Made, Stage
from seakeep.pipeline.work import PARTS, Product, Work, baseline
from seakeep.registry import Artifact, Registered

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from seakeep.core.codec import Json
    from seakeep.data.engines import Engine
    from seakeep.pipeline.declaration import Pipeline
    from seakeep.registry import Execution

REPORTS = ("validation", "held_out_validation", "training_report", "evaluation")
OPTIONAL_REPORTS = ("reference", "cleaning")
SIZES = "file_bytes"
NO_CHAMPION, ANY_CHAMPION = "no champion", "any champion"


def profile(work: Work) -> Made:
    """Statistics of both parts."""
    function = work.pipeline.profile
    given = engine_for(work, function, slots.profile)
    found = {part: called("profile", function, Statistics, work.dataset(part), **given) for part in PARTS}
    for part, statistics in found.items():
        if not statistics.rows:
            raise BadPipeline.empty_part(part, work.pipeline.held_out)
    outputs = {"statistics": found["training"], "held_out_statistics": found["held_out"]}
    return Made(outputs, parameters={part: statistics.rows for part, statistics in found.items()} | _told(given))


def validate(work: Work) -> Made:
    """The contract, from its file or inferred from both parts; and both parts held to it."""
    training, held_out = (work.noun(Statistics, name) for name in ("statistics", "held_out_statistics"))
    path = work.schema_path()
    if not path.exists():
        contract.write(work, work.dataset("training"), training + held_out, path)
    schema, inferred = contract.load(work, path), work.inferred

    def checked(statistics: Statistics, reference: Statistics | None, part: str) -> Report:
        subject, function = f"{work.pipeline.name}: {part.replace('_', '-')} rows", work.pipeline.validate
        named = {"environment": "training", "reference": reference, "subject": subject}
        report = called("validate", function, Report, statistics, schema, **named)
        by_rows = rows.judged(work, part, schema, subject=subject)
        return report + by_rows if by_rows else report

    own, other = checked(training, None, "training"), checked(held_out, training, "held_out")
    sight = look_at_file(path)
    return Made(
        {"schema": schema, "validation": own, "held_out_validation": other, **_reference(work, training, schema)},
        sources=() if inferred else (Artifact(sight.path, "file", sight.digest),),
        looked_at=(sight, *rows.sights_of(schema, path.parent)),
        parameters={"schema": "inferred" if inferred else "enforced"},
        notes=(f"the schema was inferred and written to {path}: review it and commit it",) if inferred else (),
    )


def train(work: Work) -> Made:
    """The fitted model and its parity checks and baselines."""
    from seakeep.training import Trained

    pipeline = work.pipeline
    trained = called(
        "train",
        pipeline.train,
        Trained,
        work.dataset("training"),
        pipeline.features,
        pipeline.estimator,
        schema=work.noun(Schema, "schema"),
        statistics=work.noun(Statistics, "statistics"),
        name=pipeline.name,
        held_out=work.dataset("held_out"),
        seed=pipeline.seed,
    )
    work.check_data("train")
    parameters: dict[str, Json] = {
        "features": str(pipeline.features),
        "estimator": trained.model.estimator,
        "seed": pipeline.seed,
    }
    changed = str(work.overrides)
    parameters |= {ROLE: changed} if changed else {}
    return Made({"model": trained.model, "training_report": trained.report}, variant=changed, parameters=parameters)


def evaluate(work: Work) -> Made:
    """The model's report on the held-out part, beside the champion's answers to the same rows where that is asked for."""
    rival = baseline(work.registry, work.pipeline.name, work.artifacts["model"].digest)
    asked = _asks_for_champion(work.pipeline)
    report, notes = _evaluated(work, rival if asked else None)
    work.check_data("evaluate")
    parameters: dict[str, Json] = {"require": [str(each) for each in work.pipeline.require], "seed": work.pipeline.seed}
    return Made(
        {"evaluation": report},
        sources=(Artifact(rival.label, "release", rival.release.digest),) if rival and asked else (),
        variant=_variant(rival) if asked else ANY_CHAMPION,
        parameters=parameters | _told(engine_for(work, work.pipeline.evaluate, slots.evaluate)),
        notes=notes,
    )


def register(work: Work) -> Made:
    """The release: the model, everything that judged it, a card, and examples of what it answers."""
    from seakeep.serving.examples import text_of
    from seakeep.views.card import card

    model = work.noun(Model, "model")
    reports = tuple(work.noun(Report, name) for name in (*REPORTS, *OPTIONAL_REPORTS) if name in work.artifacts)
    made_from = {name: work.artifacts[name].digest for name in (*PARTS, "schema", "model")} | {"code": work.code}
    made_from |= {f"{part}_spans": ", ".join(names) for part, names in spans_of(work.read_parameters).items()}
    made_from |= {ROLE: str(work.overrides)} if work.overrides.estimator else {}
    rival = baseline(work.registry, work.pipeline.name, model.digest)
    asked = _asks_for_champion(work.pipeline)
    if rival and asked:
        made_from["champion"] = rival.release.digest
    registered = work.registry.register(
        work.pipeline.name,
        model,
        reports,
        made_from=made_from,
        card=card(model, reports),
        examples=text_of(model),
    )
    optional = tuple(work.artifacts[name] for name in OPTIONAL_REPORTS if name in work.artifacts)
    variant = _variant(rival) if asked else ANY_CHAMPION
    parameters: dict[str, Json] = {"version": registered.version, SIZES: _sizes(registered)}
    return Made(release=registered, sources=optional, variant=variant, parameters=parameters)


def _told(given: Mapping[str, Engine]) -> dict[str, Json]:
    """An engine for the record. It decides no answer, and so no key."""
    return {name: engine.address for name, engine in given.items()}


def champion_variants(work: Work, pipeline: str) -> tuple[str, ...]:
    """An evaluation or release on record holds, if it was made beside the present champion, or did not look at it."""
    return (_variant(baseline(work.registry, pipeline, work.artifacts["model"].digest)), ANY_CHAMPION)


STAGES = (
    Stage("read", (), read, variants=lambda work, _pipeline: (variant(work),)),
    Stage("profile", PARTS, profile),
    Stage("validate", (*PARTS, "statistics", "held_out_statistics"), validate),
    Stage("train", (*PARTS, "statistics", "schema"), train, variants=lambda work, _pipeline: (str(work.overrides),)),
    Stage("evaluate", ("model", "held_out"), evaluate, variants=champion_variants),
    Stage("register", ("model", *REPORTS), register, through=(*PARTS, "schema"), variants=champion_variants),
)


def is_whole(artifact: Artifact, execution: Execution, work: Work) -> bool:
    """Whether an artifact that `execution` made can still be had: a release with every file at its size, of which none is read.

    Datasets are where they were, or `read` would not have been found.
    """
    if artifact.kind == "release":
        return _has_sizes(work.registry.home / "releases" / artifact.digest, execution.parameters.get(SIZES))
    return artifact.kind == "dataset" or work.registry.has(artifact.digest)


def _sizes(registered: Registered) -> dict[str, Json]:
    """Bytes of every file of a release, the manifest included, by relative path."""
    return {name: (registered.folder / name).stat().st_size for name in (*registered.release.files, MANIFEST_FILE)}


def _has_sizes(folder: Path, sizes: Json) -> bool:
    """Whether every file stands in `folder` at its size; no where none are on record, so that it is looked at in full."""
    if not isinstance(sizes, dict):
        return False
    try:
        return all(os.stat(f"{folder}/{name}").st_size == size for name, size in sizes.items())  # noqa: PTH116  (fast)
    except OSError:
        return False


def _reference(work: Work, statistics: Statistics, schema: Schema) -> dict[str, Product]:
    """How far windows of the training rows lie from all of them, for a pipeline that says how long its windows are.

    Only columns that are known when a prediction is asked for are looked at, since production holds no others.
    """
    window = work.pipeline.window
    if window is None:
        return {}
    dataset = work.dataset("training")
    kind = statistics[dataset.time].kind if dataset.time else None
    if kind is not Kind.TIMESTAMP:
        raise BadPipeline.timeless(window, dataset.time, kind.value if kind else "", dataset.description)
    from seakeep.monitoring import natural_variation

    names = [name for name, each in schema.columns.items() if each.available != "after" and name != schema.label]
    known = [name for name in names if name in statistics.columns]
    hours = (durations.seconds(window) or 0.0) / 3600
    return {"reference": natural_variation(dataset, statistics, window_hours=[hours], schema=schema, columns=known)}


def _evaluated(work: Work, rival: Registered | None) -> tuple[Report, tuple[str, ...]]:
    """The report; beside the rival's own answers, or where it cannot answer for today's table, beside its report."""
    from seakeep.serving import OnnxPredictor

    model, held_out, pipeline = work.noun(Model, "model"), work.dataset("held_out"), work.pipeline
    rival = work.registry.resolve(rival.label, check=True) if rival else None
    theirs = Model.load(rival.folder) if rival else None
    earlier = Report.load(rival.folder / "reports" / "evaluation.json") if rival else None

    def judged(champion: Model | None) -> Report:
        return called(
            "evaluate",
            pipeline.evaluate,
            Report,
            OnnxPredictor(model),
            model,
            held_out,
            slices=pipeline.slices,
            require=pipeline.require,
            champion=earlier,
            champion_predictor=OnnxPredictor(champion) if champion else None,
            champion_model=champion,
            seed=pipeline.seed,
            **engine_for(work, pipeline.evaluate, slots.evaluate),
        )

    try:
        return judged(theirs), ()
    except SchemaMismatch as error:
        if rival is None:
            raise
        note = f"{rival.label} cannot answer for this table ({error.found}), so its own report was compared with"
        return judged(None), (note,)


def _asks_for_champion(pipeline: Pipeline) -> bool:
    from seakeep.evaluation.requirements import NoWorse

    return pipeline.evaluate is not slots.evaluate or any(isinstance(each, NoWorse) for each in pipeline.require)


def _variant(rival: Registered | None) -> str:
    return rival.release.digest if rival else NO_CHAMPION
