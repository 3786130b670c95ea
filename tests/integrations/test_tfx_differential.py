"""Seakeep held against TFDV's own output: statistics, inferred schemas and anomalies of random tables with planted faults.

Every difference must have a class that tfx_compare lists with whose reading is right; another one fails, and so does a class
that no case shows any more.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from seakeep.data import dump_schema
from seakeep.data.contract.reading import read_schema

from .tfdv import Tfdv
from .tfx_cases import Case, case, codes_of, failed, types_of
from .tfx_compare import ANOMALIES, STATISTICS, anomaly_differences, own_differences, statistics_differences

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.integrations.tfx import Lost

pytestmark = pytest.mark.platform

SEEDS = range(210)


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, Case]]:
    """Every seed's case, computed once: half a minute of processor time in all."""
    folder = tmp_path_factory.mktemp("tfx")
    tfdv = Tfdv(folder / "errors.txt")
    assert tfdv.version == "1.16.1"
    yield {seed: case(seed, tfdv, folder) for seed in SEEDS}
    tfdv.close()


def unexpected(found: dict[int, list[tuple[str, str]]], known: object) -> list[tuple[int, str, str]]:
    assert isinstance(known, dict)
    return [(seed, kind, told) for seed, each in found.items() for kind, told in each if kind not in known]


def test_faults_are_planted_of_every_kind(cases: dict[int, Case]) -> None:
    planted = Counter(fault for each in cases.values() for fault, _ in each.tables.faults)
    assert len(planted) >= 19
    assert sum(planted.values()) >= 200
    assert sum(not each.tables.faults for each in cases.values()) >= 50


def test_statistics_are_equal_but_for_the_classes_that_are_listed(cases: dict[int, Case]) -> None:
    found = {
        seed: [
            difference
            for theirs, ours in zip(each.theirs, each.ours, strict=True)
            for difference in statistics_differences(theirs.datasets[0], ours.datasets[0])
        ]
        for seed, each in cases.items()
    }
    assert unexpected(found, STATISTICS) == []
    assert {kind for each in found.values() for kind, _ in each} == set(STATISTICS)


def test_tfdv_infers_the_same_schema_from_our_statistics(cases: dict[int, Case]) -> None:
    different = {
        feature.name
        for each in cases.values()
        for feature, other in zip(*(schema.feature for schema in each.inferred), strict=True)
        if feature != other and not _untyped(feature.name, each)
    }
    assert different == set()
    assert sum(each.inferred[0] == each.inferred[1] for each in cases.values()) >= 195


def _untyped(name: str, each: Case) -> bool:
    return each.statistics[0][name].lengths is not None and each.statistics[0][name].lengths.maximum == 0  # type: ignore[union-attr]


def test_tfdv_finds_the_same_anomalies_in_our_statistics(cases: dict[int, Case]) -> None:
    found = {
        seed: list(own_differences(*map(types_of, each.anomalies), before=each.theirs[0].datasets[0], after=each.theirs[1].datasets[0]))
        for seed, each in cases.items()
    }  # fmt: skip
    assert unexpected(found, ANOMALIES) == []


def test_we_find_what_tfdv_finds_by_its_schema(cases: dict[int, Case]) -> None:
    found = {
        seed: list(
            anomaly_differences(
                codes_of(each.anomalies[0]), each.report, each.contract.lost,
                before=each.theirs[0].datasets[0], after=each.theirs[1].datasets[0],
            )
        )
        for seed, each in cases.items()
    }  # fmt: skip
    assert unexpected(found, ANOMALIES) == []
    agreed = sum(len(codes_of(each.anomalies[0]) & failed(each.report)) for each in cases.values())
    assert agreed >= 400


def test_tfdv_finds_what_we_find_by_our_contract(cases: dict[int, Case]) -> None:
    found = {
        seed: list(
            anomaly_differences(
                codes_of(each.own_anomalies), each.own_report, each.own_lost,
                before=each.theirs[0].datasets[0], after=each.theirs[1].datasets[0],
            )
        )
        for seed, each in cases.items()
    }  # fmt: skip
    assert unexpected(found, ANOMALIES) == []
    agreed = sum(len(codes_of(each.own_anomalies) & failed(each.own_report)) for each in cases.values())
    assert agreed >= 140


def test_every_class_of_anomaly_differences_is_still_seen(cases: dict[int, Case]) -> None:
    seen = set()
    for each in cases.values():
        sides = {"before": each.theirs[0].datasets[0], "after": each.theirs[1].datasets[0]}
        pairs = (
            (each.anomalies[0], each.report, each.contract.lost),
            (each.own_anomalies, each.own_report, each.own_lost),
        )
        for anomalies, report, lost in pairs:
            seen |= {kind for kind, _ in anomaly_differences(codes_of(anomalies), report, lost, **sides)}
        seen |= {kind for kind, _ in own_differences(*map(types_of, each.anomalies), **sides)}
    assert seen == set(ANOMALIES)


def test_an_imported_schema_is_a_contract_that_reads_back_equal(cases: dict[int, Case]) -> None:
    for each in cases.values():
        contract = each.contract.value
        assert read_schema(dump_schema(contract), where="dumped", version=1) == contract


def test_imported_statistics_tell_what_the_proto_does(cases: dict[int, Case]) -> None:
    from seakeep.integrations import tfx

    for each in cases.values():
        for theirs, ours in zip(each.theirs, each.statistics, strict=True):
            carried = tfx.statistics_from_proto(theirs, kinds=tfx.kinds_of(ours))
            found = carried.value
            assert found.rows == ours.rows
            assert set(found.columns) == set(ours.columns)
            for name, column in ours.columns.items():
                imported = found[name]
                assert (imported.missing, imported.nan) == (column.missing, column.nan), name
                if imported.kind is column.kind and column.kind.is_numeric and column.finite:
                    _same_numbers(imported, column, _within(carried.lost, name))


def _within(lost: tuple[Lost, ...], name: str) -> float:
    """How far the ranks of an imported column are off at most, as the converter says, and a sketch's error."""
    told = [
        re.search(r"within ([\d.]+)%", each.why) for each in lost if (each.where, each.what) == (name, "distribution")
    ]
    return max((float(found.group(1)) / 100 for found in told if found), default=0.0) + 0.03


def _same_numbers(imported: object, column: object, slack: float) -> None:
    """Extremes as doubles; quantiles within the bucket that holds them and the sketch's error."""
    from seakeep.core.statistics import ColumnStatistics

    assert isinstance(imported, ColumnStatistics)
    assert isinstance(column, ColumnStatistics)
    assert column.minimum is not None
    assert column.maximum is not None
    assert imported.minimum is not None
    assert imported.maximum is not None
    assert float(imported.minimum) == float(column.minimum)
    assert float(imported.maximum) == float(column.maximum)
    infinite = column.positive_infinity + column.negative_infinity
    if infinite == 0:
        assert imported.mean == pytest.approx(column.mean, rel=1e-9, abs=1e-9 * abs(float(column.maximum)) + 1e-12)
        for share in (0.25, 0.5, 0.75):
            told = imported.quantile(share)
            assert told is not None
            low, high = column.quantile(max(0, share - slack)), column.quantile(min(1, share + slack))
            assert low is not None
            assert high is not None
            assert low - 1e-9 * abs(low) - 1e-300 <= told <= high + 1e-9 * abs(high) + 1e-300
