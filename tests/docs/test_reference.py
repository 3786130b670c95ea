"""What the program has, its documentation names: a page that forgets something fails here, and not in a reader's hands."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys

import pytest

from seakeep.core import plugins
from seakeep.pipeline.exports.targets import targets

from .documents import DOCS, ROOT, pages


def loaded(name: str):
    spec = importlib.util.spec_from_file_location(f"documentation_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


hooks = loaded("hooks")
docstrings = loaded("docstrings")


def page(name: str) -> str:
    return hooks.expand((DOCS / "reference" / f"{name}.md").read_text("utf-8"))


@pytest.mark.parametrize("name", plugins.names("evidence.distances"))
def test_every_distance_is_documented(name):
    assert f"| `{name}` |" in page("distances")


@pytest.mark.parametrize("name", plugins.names("evidence.sequential"))
def test_every_sequential_test_is_documented(name):
    assert f"| `{name}` |" in page("sequential")


@pytest.mark.parametrize("name", plugins.names("evaluation.metrics"))
def test_every_metric_is_documented(name):
    assert f"| `{name}` |" in page("metrics")


@pytest.mark.parametrize("name", plugins.names("features.operations"))
def test_every_feature_operation_is_documented(name):
    assert re.search(rf"\| `\.?{name}\(", page("operations"))


@pytest.mark.parametrize("name", [name.replace("-", "_") for name in targets()])
def test_every_target_and_its_options_are_documented(name):
    import dataclasses

    text, options = page("targets"), plugins.load("integrations", name).Options
    assert f"## {name.replace('_', '-')}\n" in text
    told = options.__doc__ or ""
    assert [each.name for each in dataclasses.fields(options) if not re.search(rf"\b{each.name}\b", told)] == []


def test_every_setting_is_documented_and_no_other():
    from seakeep.pipeline.settings import keys, variable

    text = page("settings")
    assert all(f"| `{key}` |" in text and f"`{variable(key)}`" in text for key in keys())
    assert set(hooks.SETTINGS) == set(keys())


ROOMS_THAT_CHECK = "schema|drift|training|baseline|parity|metric|fairness|evaluation|explain|registry|rollout|monitoring|decay|reference|rows|skew"


def test_every_check_code_in_the_sources_is_documented():
    found = set()
    for path in (ROOT / "src" / "seakeep").rglob("*.py"):
        found |= set(re.findall(rf"\"((?:{ROOMS_THAT_CHECK})\.[a-z_]+)\"", path.read_text("utf-8")))
    others = {
        "evaluation.metrics",
        "training.exporters",
        "evaluation.codes",
        "registry.sqlite",
        "schema.json",
        "evaluation.json",
        "reference.json",
        "rollout.plans",
        "rollout.shares",
        "rollout.look_seconds",
        "rollout.begin",
        "rollout.step",
        "rollout.time",
        "rollout.abort",
        "rows.judge",
        "rows.skew",
        "rows.splitting",
    }
    assert {code for code in found if code not in others} <= set(hooks.check_codes())


def test_every_check_code_has_a_meaning_and_a_row():
    text = page("checks")
    assert all(f"| `{code}` | {meaning[:1]}" in text and meaning for code, meaning in hooks.check_codes().items())


def test_every_distance_has_a_check_code():
    assert {f"drift.{name}" for name in plugins.names("evidence.distances")} <= set(hooks.check_codes())


def test_every_command_is_documented():
    import click

    from seakeep.cli._main import seakeep

    text = page("cli")
    for name in seakeep.list_commands(click.Context(seakeep)):
        assert f"## seakeep {name}\n" in text


def test_every_refusal_and_metric_of_the_server_is_documented():
    from seakeep.serving.server.metrics import FAMILIES
    from seakeep.serving.server.refusals import CODES

    text = page("server")
    assert all(f"`{code}`" in text for code in CODES)
    assert all(f"| `{family.name}` |" in text for family in FAMILIES)


def test_every_metric_alert_and_panel_of_the_control_server_is_documented():
    from seakeep.integrations import _rules
    from seakeep.pipeline.control.metrics import FAMILIES

    text = page("observability")
    assert all(f"| `{family.name}` |" in text for family in FAMILIES)
    contract = _rules.Contract("x", {"c": 0.0}, {"c": 0.0}, (_rules.Gate("roc_auc", "most", 1.0),))
    groups = (*_rules.common_groups(), *_rules.groups(contract, _rules.Objectives(champion_days=1)))
    assert all(f"| `{alert.name}` |" in text for group in groups for alert in group.alerts)


def test_every_refused_configuration_and_estimator_is_documented():
    from seakeep.training.refusals import REFUSALS

    text = hooks.expand((DOCS / "guides" / "train.md").read_text("utf-8"))
    assert all(f"| `{one.name}` |" in text for found in REFUSALS.values() for one in found)
    for name in plugins.names("training.exporters"):
        assert all(f"`{one}`" in text for one in plugins.load("training.exporters", name).ESTIMATORS)


def test_every_mark_is_filled():
    for path in pages():
        assert set(hooks.MARK.findall(path.read_text("utf-8"))) <= set(hooks.GENERATED)
    used = {mark for path in pages() for mark in hooks.MARK.findall(path.read_text("utf-8"))}
    assert used == set(hooks.GENERATED)


def test_every_table_of_the_reference_is_whole():
    for path in (DOCS / "reference").glob("*.md"):
        for table in re.findall(r"(?:^\|.*\|\n)+", page(path.stem), re.MULTILINE):
            cells = {len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}
            assert len(cells) == 1, table


def test_every_room_has_a_page_in_the_reference():
    rooms = {path.parent.name for path in (ROOT / "src" / "seakeep").glob("*/__init__.py")} - {"cli"}
    assert {path.stem for path in (DOCS / "reference" / "api").glob("*.md")} == rooms


def test_the_glossary_is_in_order():
    words = re.findall(r"^\*\*(.+)\*\*$", (DOCS / "glossary.md").read_text("utf-8"), re.MULTILINE)
    assert words == sorted(words)


def test_doctests_become_code_and_parts_stand_out():
    assert docstrings.as_markdown("One.\nReturns: two.\n\n    >>> 1\n    1\n\nMore.").splitlines() == [
        "One.", "", "**Returns.** two.", "", "", "```pycon", ">>> 1", "1", "```", "", "", "More.",
    ]  # fmt: skip


def test_nothing_names_a_machine_or_a_user():
    for path in [*pages(), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md", *DOCS.glob("*.py")]:
        assert not re.search(r"/home/|/root/|/tmp/|C:\\Users", path.read_text("utf-8")), path


@pytest.mark.slow
def test_the_site_builds_strictly(tmp_path):
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    built = (tmp_path / "site" / "reference" / "metrics" / "index.html").read_text("utf-8")
    assert "roc_auc" in built
    index = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert not re.findall(r"<(?:script|link|img)[^>]+(?:src|href)=\"https?://(?!127)", index)


@pytest.mark.parametrize(
    "gap",
    [
        "Estimated performance",
        "Change points",
        "Nothing is removed from it",
        "serve.redact",
        "one by one",
        "not over all windows",
        "three arms",
        "Rare errors",
        "`ray`",
        "`spark`",
        "gRPC",
        "Bytes know no null",
        "Signing",
        "Native categorical features",
        "isotonic",
        "Lists and structs",
        "dense",
        "replaced by others",
        "2,048",
        "libgomp1",
    ],
)
def test_the_limits_name_what_is_not_there(gap):
    assert gap in (DOCS / "limits.md").read_text("utf-8")
