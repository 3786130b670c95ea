"""The law of the house: imports run down, importing is light, and what the top level offers is complete."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ["pandas", "polars", "pyarrow", "numpy", "sklearn", "onnx", "onnxruntime", "ray", "pyspark", "kubernetes"]
WEB = ["granian", "jinja2", "rich", "click", "msgspec", "prometheus_client", "ruamel", "asyncio", "http.client"]


def modules_after(statement: str) -> list[str]:
    program = f"{statement}; import sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded: list[str] = json.loads(done.stdout.splitlines()[-1])
    return loaded


def test_importing_seakeep_loads_nothing_heavy():
    assert not set(HEAVY + WEB) & set(modules_after("import seakeep"))


def test_the_nouns_load_nothing_heavy():
    assert not set(HEAVY + WEB) & set(modules_after("import seakeep.core, seakeep; seakeep.Statistics()"))


def test_the_registry_loads_nothing_heavy():
    assert not set(HEAVY + WEB) & set(modules_after("import seakeep.registry; seakeep.registry.Registry"))


def test_importing_seakeep_prints_nothing_and_starts_no_thread():
    program = "import threading, logging, seakeep; assert threading.active_count() == 1 and not logging.root.handlers"
    done = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_every_public_name_resolves_and_the_list_is_sorted():
    import seakeep

    assert list(seakeep.__all__) == sorted(seakeep.__all__)
    for name in seakeep.__all__:
        assert getattr(seakeep, name) is not None
    assert set(seakeep.__all__) <= set(dir(seakeep))


def test_an_unknown_public_name_is_an_attribute_error():
    import seakeep

    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        _ = seakeep.trian


def test_imports_run_down_the_house():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports"))], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
