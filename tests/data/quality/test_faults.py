"""Each planted fault is found and named; clean tables are left in peace."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

import seakeep
from seakeep.data.cleaning.files import parsed_step
from seakeep.data.quality.proposals import step_in


def module(name):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made


plants, tables = module("plants"), module("tables")
PARTS = plants.Parts()
ROLES = {"label": PARTS.label, "time": PARTS.time, "key": PARTS.key}


def planted(name, seed):
    draw, plant = np.random.default_rng(seed), plants.PLANTS[name]
    clean = tables.tips(draw)
    faulty = plant.plant(clean, draw, PARTS)
    against = seakeep.read(plant.against(faulty, clean, draw, PARTS)) if plant.against else None
    return seakeep.inspect(seakeep.read(faulty), against=against, only=[plant.kind], **ROLES)


@pytest.mark.parametrize("name", plants.PLANTS)
def test_a_planted_fault_is_found_and_named_with_evidence_and_a_fix(name):
    plant = plants.PLANTS[name]
    report = planted(name, 7)
    found = [check for check in report.failed if check.subject == plants.subject(plant, PARTS)]
    assert [check.code for check in found[:1]] == [f"quality.{plant.kind}"]
    assert found[0].fix
    assert found[0].evidence
    assert found[0].observed is not None
    step, _ = step_in(found[0].fix)
    assert step is None or parsed_step(step.text) == step


def test_forty_kinds_are_planted_at_least():
    assert len({plant.kind for plant in plants.PLANTS.values()}) >= 40


@pytest.mark.parametrize("name", tables.CLEAN)
def test_clean_tables_are_left_in_peace(name):
    make, roles = tables.CLEAN[name]
    kinds = [kind for kind in seakeep.core.plugins.names("data.quality.findings") if kind != "label_noise"]
    able = [kind for kind in kinds if all(role in roles for role in needs(kind))]
    report = seakeep.inspect(seakeep.read(make(np.random.default_rng(11))), only=able, **roles)
    assert [(check.code, check.subject, check.message) for check in report.failed] == []


def needs(kind):
    return seakeep.core.plugins.load("data.quality.findings", kind).NEEDS


@pytest.mark.slow
@pytest.mark.parametrize("name", tables.CLEAN)
def test_many_clean_tables_are_left_in_peace(name):
    make, roles = tables.CLEAN[name]
    for seed in range(3):
        report = seakeep.inspect(seakeep.read(make(np.random.default_rng(seed))), **roles)
        assert [(check.code, check.subject, check.message) for check in report.failed] == []
