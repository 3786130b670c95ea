"""The verb `score`: a table is scored by what a person calls its model, logged where that is wanted, and put on record.

The record leads from the predictions to the release and the files that they were made from. A folder of parts is one artifact, known
by the digest of the list of its parts; a table in a database by the digest of its run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import Dataset, Model
from seakeep.pipeline.measuring import Cost
from seakeep.pipeline.project import find_home
from seakeep.pipeline.recording import record_of_step
from seakeep.pipeline.settings import load_settings
from seakeep.pipeline.sights import digest_of_file, look_at_table
from seakeep.pipeline.verbs import Found, Reference, find, find_registry, on_engine, served
from seakeep.registry import Artifact

if TYPE_CHECKING:
    from collections.abc import Callable

    from seakeep.data.engines import Engine
    from seakeep.serving import ScoreSummary, Served
    from seakeep.serving.scoring import Broken, Keep, LogTo, Progress
    from seakeep.serving.scoring.predictors import Trees

_LIST = "_SUCCESS"


def score(
    reference: Reference,
    data: Dataset | object,
    out: Path | str,
    *,
    keep: Keep = "key",
    query: str | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
    engine: str | None = None,
    trees: Trees = "auto",
    parts: str = "",
    part_rows: int = 1 << 19,
    broken: Broken | None = None,
    quarantine: Path | str | None = None,
    statistics: Path | str | bool = False,
    log: bool = False,
    resumed: Callable[[int, int], None] | None = None,
    home: Path | str | None = None,
) -> ScoreSummary:
    """Predict every row of a table and write the answers to a file, a folder of parts, or a table.

    Parameters: data: a dataset, or what seakeep.read takes; the key is then the contract's, where the table has it. query: of a database.
        engine: an address; None for the setting's. statistics: whether to profile inputs and answers, or the file to save that to.
        log: whether rows go to the prediction log of the registry, with what serve.redact and serve.hash hide hidden. Others: see
        seakeep.serving.score. A release's predictions are put on record, so that they can be traced.
    """
    from seakeep import serving

    found = find(reference, home=home)
    dataset = data if isinstance(data, Dataset) else _keyed(data, found.model, query)
    with Cost() as cost:
        answering: Served | Model = served(found.registered) if found.registered else found.model
        with on_engine(engine) as connection:
            summary = serving.score(
                answering,
                dataset,
                out,
                keep=keep,
                overwrite=overwrite,
                progress=progress,
                engine=connection,
                trees=trees,
                parts=parts,
                part_rows=part_rows,
                broken=broken,
                quarantine=quarantine,
                statistics=bool(statistics),
                log=_log(home) if log else None,
                resumed=resumed,
            )
        if summary.statistics is not None and not isinstance(statistics, bool):
            summary.statistics.save(Path(statistics))
    if found.registered:
        _record(found, dataset, summary, cost, engine=connection, home=home)
    return summary


def _log(home: Path | str | None) -> LogTo:
    """The prediction log of the registry that is there. Raises UnreadableRegistry where there is none; BadSetting."""
    from seakeep.serving.scoring import Hidden, LogTo

    settings = load_settings(Path.cwd(), arguments={"home": home})
    with find_registry(home):
        pass
    hidden = Hidden(settings.serve.redact, settings.serve.hash, str(settings.key_file or ""))
    return LogTo(find_home(Path.cwd(), settings), hidden)


def _record(
    found: Found, dataset: Dataset, summary: ScoreSummary, cost: Cost, *, engine: Engine | None, home: Path | str | None
) -> None:
    files = [
        Artifact(sight.path, "file", sight.digest)
        for sight in look_at_table(dataset.source.files(), dataset.source.description, hashed=digest_of_file)
        if sight.kind == "file"
    ]
    inputs = (found.artifact, Artifact("scored", "dataset", dataset.digest), *files)
    told: dict[str, object] = {"rows": summary.rows, "parts": summary.parts} | (
        {"engine": engine.address} if engine else {}
    )
    told |= {"broken": dict(summary.broken), "quarantined": summary.quarantined} if summary.broken else {}
    written = [place for place in (summary.path, summary.quarantine) if place is not None]
    outputs = tuple(_artifact(place, summary.job) for place in written)
    with find_registry(home) as registry:
        registry.record(record_of_step("score", found.model.name, cost, inputs, outputs, parameters=told))


def _artifact(place: Path | str, job: str) -> Artifact:
    """What was written, and its digest."""
    path = Path(place).absolute()
    if path.is_file() or (path / _LIST).is_file():
        return Artifact(str(path), "predictions", digest_of_file(path if path.is_file() else path / _LIST))
    return Artifact(str(path) if isinstance(place, Path) else place, "predictions", job)


def _keyed(data: object, model: Model, query: str | None) -> Dataset:
    """The table with the contract's key, if it has that column: a table to be scored needs none."""
    from dataclasses import replace

    from seakeep import data as data_room

    dataset = data_room.read(data, query=query)
    has_key = model.schema.key in dataset.pieces()[0].collect_schema()
    return replace(dataset, key=model.schema.key) if has_key else dataset
