"""Ray for real: a cluster of three machines in processes of this one, one of which is killed; and a pipeline's run."""

from __future__ import annotations

import pytest

from .clusters import FOREIGN, ran, same_release, told

pytestmark = pytest.mark.platform


def test_a_cluster_keeps_the_laws_of_engines_and_outlives_a_killed_machine(tmp_path):
    found = told(ran("ray", FOREIGN / "ray_cluster.py", tmp_path, apart=True))
    assert all(found["equal"].values()), found
    assert found["survived"], "no row is lost or doubled where a machine is killed in mid-job"


def test_a_run_makes_the_same_release(tmp_path):
    same_release("ray", "ray://local[2]", tmp_path, apart=True)


def test_a_client_server_gives_the_same_statistics_and_the_same_errors(tmp_path):
    """`ray start --head` on the loopback address, asked at ray://HOST:PORT; head and client share a token."""
    found = told(ran("ray", FOREIGN / "ray_client.py", tmp_path, 10001, apart=True))
    assert found["equal"], found
    assert found["rows"] == 200_000
    assert found["refused"].startswith("CannotRead:")
    assert "torn.parquet is not a whole parquet file" in found["refused"]


def test_where_no_cluster_is_it_is_told(tmp_path):
    done = ran("ray", "-m", "seakeep", "profile", tmp_path, "--engine", "ray://127.0.0.1:9", apart=True)
    assert done.returncode == 3
    assert "no engine answered at ray://127.0.0.1:9" in done.stderr
