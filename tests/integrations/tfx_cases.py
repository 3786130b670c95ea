"""One differential case: two random tables, TFDV's statistics, schemas and anomalies of them, and ours."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import seakeep
from seakeep.core import Report, Schema, Statistics
from seakeep.integrations import tfx
from seakeep.integrations._tfx.anomaly_types import CODES
from seakeep.integrations._tfx.files import protos

from .tfdv import Tfdv
from .tfx_tables import Tables, tables

Found = set[tuple[str, str]]
"""What was found wrong: a column's path and a check's code."""


@dataclass(frozen=True)
class Case:
    """What both sides say of one seed's tables. theirs, ours: statistics protos of (before, after).

    inferred: the schemas that TFDV infers from its statistics and from ours. schema: TFDV's, made stricter.
    anomalies: what TFDV finds by it, in its statistics and in ours. report: what we find by it, read as a contract.
    own, own_report, own_anomalies: our inferred contract, what we find by it, and what TFDV finds by it, written as a schema.
    """

    tables: Tables
    theirs: tuple[Any, Any]
    ours: tuple[Any, Any]
    statistics: tuple[Statistics, Statistics]
    inferred: tuple[Any, Any]
    schema: Any
    contract: tfx.Carried[Schema]
    anomalies: tuple[Any, Any]
    report: Report
    own: Schema
    own_lost: tuple[tfx.Lost, ...]
    own_report: Report
    own_anomalies: Any


def case(seed: int, tfdv: Tfdv, folder: Path) -> Case:
    """Compute the case of a seed; some ten questions to TFDV."""
    found = tables(seed)
    theirs, ours, statistics = [], [], []
    for side in ("before", "after"):
        table = folder / f"{side}.parquet"
        getattr(found, side).write_parquet(table)
        tfdv.ask("statistics", table=table, out=folder / f"theirs-{side}.pb")
        theirs.append(_load(folder / f"theirs-{side}.pb", "statistics_pb2", "DatasetFeatureStatisticsList"))
        statistics.append(seakeep.profile(seakeep.read(str(table))))
        tfx.write_statistics(statistics[-1], folder / f"ours-{side}.pb")
        ours.append(_load(folder / f"ours-{side}.pb", "statistics_pb2", "DatasetFeatureStatisticsList"))
    inferred = [
        _asked(tfdv, folder, "Schema", "infer", statistics=folder / f"{who}-before.pb") for who in ("theirs", "ours")
    ]
    schema = stricter(inferred[0], theirs[0].datasets[0], random.Random(seed))
    (folder / "schema.pb").write_bytes(schema.SerializeToString())
    anomalies = [
        _asked(tfdv, folder, "Anomalies", "validate", statistics=folder / f"{who}-after.pb", schema=folder / "schema.pb",
               previous=folder / f"{who}-before.pb")
        for who in ("theirs", "ours")
    ]  # fmt: skip
    contract = tfx.schema_from_proto(schema, kinds=tfx.kinds_of(statistics[0]))
    own = seakeep.infer_schema(statistics[0])
    own_lost = tfx.write_schema(own, folder / "own.pb")
    own_anomalies = _asked(
        tfdv, folder, "Anomalies", "validate", statistics=folder / "theirs-after.pb", schema=folder / "own.pb"
    )
    return Case(
        found, tuple(theirs), tuple(ours), tuple(statistics), tuple(inferred), schema, contract, tuple(anomalies),
        seakeep.validate(statistics[1], contract.value, previous=statistics[0]),
        own, own_lost, seakeep.validate(statistics[1], own), own_anomalies,
    )  # fmt: skip


def types_of(anomalies: Any) -> Found:
    """Path and type of every anomaly."""
    enum = type(anomalies).DESCRIPTOR.fields_by_name["dataset_anomaly_info"].message_type.enum_types_by_name["Type"]
    found = {
        (".".join(info.path.step), enum.values_by_number[reason.type].name)
        for info in anomalies.anomaly_info.values()
        for reason in info.reason
    }
    return found | {
        ("table", enum.values_by_number[reason.type].name) for reason in anomalies.dataset_anomaly_info.reason
    }


def codes_of(anomalies: Any) -> Found:
    """TFDV's anomalies by our codes."""
    return {(path, CODES.get(name, name)) for path, name in types_of(anomalies)}


def failed(report: Report) -> Found:
    """What failed in a report of ours; items of a list count as their column."""
    return {(check.subject.replace("[]", ""), check.code) for check in report.failed}


def stricter(schema: Any, statistics: Any, random_: random.Random) -> Any:
    """A copy of a schema that TFDV inferred, with the rules a person adds: bounds, shares, distances, limits."""
    found = type(schema)()
    found.CopyFrom(schema)
    by_path = {tuple(each.path.step): each for each in statistics.features}
    for feature in found.feature:
        stats = by_path.get((feature.name,))
        if stats is not None:
            _stricter(feature, stats, statistics.num_examples, random_)
    if random_.random() < 0.3:
        found.dataset_constraints.min_examples_count = random_.choice((10, 10_000))
    elif random_.random() < 0.5:
        found.dataset_constraints.max_examples_count = random_.choice((20, 100_000))
    if random_.random() < 0.3:
        found.dataset_constraints.num_examples_drift_comparator.min_fraction_threshold = random_.choice((0.5, 1.5))
    return found


def _stricter(feature: Any, stats: Any, rows: int, random_: random.Random) -> None:
    holder = stats.WhichOneof("stats")
    common = getattr(stats, holder).common_stats
    if feature.HasField("presence") and random_.random() < 0.5:
        feature.presence.min_fraction = round(0.9 * common.num_non_missing / rows, 3)
    if holder == "num_stats" and stats.type == 0 and not feature.HasField("bool_domain"):
        if random_.random() < 0.6:
            feature.int_domain.min, feature.int_domain.max = int(stats.num_stats.min), int(stats.num_stats.max)
        if random_.random() < 0.4:
            feature.drift_comparator.jensen_shannon_divergence.threshold = random_.choice((0.02, 0.3))
    if holder == "num_stats" and stats.type == 1:
        domain = feature.float_domain
        domain.SetInParent()
        domain.disallow_nan, domain.disallow_inf = random_.random() < 0.5, random_.random() < 0.5
        if random_.random() < 0.6:
            domain.min, domain.max = stats.num_stats.min * 1.5 - 1, stats.num_stats.max * 1.5 + 1
        if domain.min > domain.max:
            domain.ClearField("min")
        if random_.random() < 0.5:
            feature.drift_comparator.jensen_shannon_divergence.threshold = random_.choice((0.02, 0.3))
    if holder == "string_stats":
        if feature.HasField("domain") and random_.random() < 0.5:
            feature.distribution_constraints.min_domain_mass = random_.choice((0.8, 0.99))
        if random_.random() < 0.3:
            feature.unique_constraints.min, feature.unique_constraints.max = 2, max(2, stats.string_stats.unique)
        if random_.random() < 0.5:
            feature.drift_comparator.infinity_norm.threshold = random_.choice((0.05, 0.4))


def _asked(tfdv: Tfdv, folder: Path, kind: str, ask: str, **arguments: Any) -> Any:
    tfdv.ask(ask, out=folder / "answer.pb", **arguments)
    return _load(folder / "answer.pb", "schema_pb2" if kind == "Schema" else "anomalies_pb2", kind)


def _load(path: Path, module: str, kind: str) -> Any:
    return getattr(protos(module), kind).FromString(path.read_bytes())
