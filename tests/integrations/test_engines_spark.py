"""Spark for real: a standalone master and two workers, one of which is killed, with speculation on; and a pipeline's run."""

from __future__ import annotations

import pytest
from tests.registry.servers import free_port

from .clusters import FOREIGN, ran, same_release, told

pytestmark = pytest.mark.platform


def test_a_cluster_keeps_the_laws_of_engines_and_outlives_a_killed_machine(tmp_path):
    found = told(ran("spark", FOREIGN / "spark_cluster.py", tmp_path, free_port()))
    assert all(found["equal"].values()), found
    assert found["survived"], "no row is lost or doubled where a machine is killed in mid-job"


def test_a_run_makes_the_same_release(tmp_path):
    same_release("spark", "spark://local[2]", tmp_path)
