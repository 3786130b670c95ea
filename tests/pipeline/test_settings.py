"""Settings: where they come from, in which order, and what is said of a wrong one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from seakeep.pipeline import load_settings
from seakeep.pipeline.errors import BadSetting
from seakeep.pipeline.project import Project, find_home
from seakeep.pipeline.settings import keys, variable


def write(folder: Path, text: str) -> Path:
    path = folder / "seakeep.toml"
    path.write_text(text)
    return path


def test_without_a_file_there_are_defaults(tmp_path) -> None:
    settings = load_settings(tmp_path)
    assert (settings.home, settings.run.threads, settings.serve.http, settings.file) == ("", 0, "127.0.0.1:8080", None)


def test_the_nearest_file_upwards_holds(tmp_path) -> None:
    write(tmp_path, "[serve]\nworkers = 2\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    path = write(tmp_path / "a", "[serve]\nworkers = 3\n")
    settings = load_settings(inner)
    assert (settings.serve.workers, settings.file) == (3, path)


def test_argument_comes_before_flag_before_variable_before_file(tmp_path, monkeypatch) -> None:
    write(tmp_path, "[serve]\nworkers = 1\n")
    assert load_settings(tmp_path).serve.workers == 1
    monkeypatch.setenv("SEAKEEP_SERVE_WORKERS", "2")
    assert load_settings(tmp_path).serve.workers == 2
    assert load_settings(tmp_path, flags={"serve.workers": 3}).serve.workers == 3
    assert load_settings(tmp_path, flags={"serve.workers": 3}, arguments={"serve.workers": 4}).serve.workers == 4
    assert load_settings(tmp_path, flags={"serve.workers": None}).serve.workers == 2


@pytest.mark.parametrize(
    ("text", "key", "line", "near"),
    [
        ("[serve]\nwokers = 2\n", "serve.wokers", 2, "serve.workers"),
        ('\n\nhmoe = "x"\n', "hmoe", 3, "home"),
        ('serve.htpp = "x:1"\n', "serve.htpp", 1, "serve.http"),
        ("[serv]\nworkers = 2\n", "serv.workers", 2, "serve.workers"),
        ("[quite.other]\nthing = 1\n", "quite.other.thing", 2, None),
    ],
)
def test_an_unknown_key_is_refused_with_its_line_and_the_nearest_name(tmp_path, text, key, line, near) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadSetting, match=f"there is no setting '{key}'") as caught:
        load_settings(tmp_path)
    assert caught.value.where == f"{path} line {line}"
    assert caught.value.nearest == near


@pytest.mark.parametrize(
    ("text", "key", "expected"),
    [
        ('[serve]\nworkers = "two"\n', "serve.workers", "a whole number of at least 1"),
        ("[serve]\nworkers = -1\n", "serve.workers", "a whole number of at least 1"),
        ("[serve]\nworkers = 0\n", "serve.workers", "a whole number of at least 1"),
        ("[serve]\nmax_body_mb = 0\n", "serve.max_body_mb", "a whole number of at least 1"),
        ("[run]\nthreads = -1\n", "run.threads", "a whole number of at least 0"),
        ("[serve]\nworkers = true\n", "serve.workers", "a whole number of at least 1"),
        ("[serve]\nworkers = 1.5\n", "serve.workers", "a whole number of at least 1"),
        ('[serve]\nmissing = "maybe"\n', "serve.missing", "one of 'schema', 'reject', 'accept', 'mark', 'impute'"),
        ("[serve]\nhttp = 8080\n", "serve.http", "HOST:PORT in quotes"),
        ('[serve]\nhttp = "here"\n', "serve.http", "HOST:PORT in quotes"),
        ('[serve]\nhttp = "here:65536"\n', "serve.http", "HOST:PORT in quotes"),
        ('home = ""\n', "home", "text in quotes"),
    ],
)
def test_a_wrong_value_is_refused_with_every_place_that_was_tried(tmp_path, text, key, expected) -> None:
    path = write(tmp_path, text)
    with pytest.raises(BadSetting, match=f"setting {key} is ") as caught:
        load_settings(tmp_path)
    assert f"expected {expected}" in caught.value.found
    places = [place.partition(":")[0] for place in caught.value.tried]
    assert places[0] == variable(key)
    assert str(path) in caught.value.tried[1]
    assert caught.value.fix == f"Change it there, or give the setting in a place that comes earlier: {variable(key)}."


def test_arguments_and_flags_are_told_of_the_settings_that_have_one(tmp_path) -> None:
    path = write(tmp_path, "[serve]\nworkers = 0\n")
    with pytest.raises(BadSetting, match=r"serve\.workers") as caught:
        load_settings(tmp_path, arguments={"serve.workers": None}, flags={"serve.workers": None, "tls.key": "k"})
    assert [place.partition(":")[0] for place in caught.value.tried] == [
        "argument serve.workers",
        "flag --workers",
        "SEAKEEP_SERVE_WORKERS",
        f"{path} line 2",
    ]
    write(tmp_path, "[tls]\nkey = 1\n")
    with pytest.raises(BadSetting, match=r"tls\.key") as caught:
        load_settings(tmp_path, flags={"tls.key": None})
    assert caught.value.fix.endswith(": flag --tls-key or SEAKEEP_TLS_KEY.")


def test_of_a_wrong_flag_no_earlier_place_is_told(tmp_path) -> None:
    with pytest.raises(BadSetting, match=r"serve\.http") as caught:
        load_settings(tmp_path, flags={"serve.http": "8080"})
    assert (caught.value.where, caught.value.fix) == ("flag --http", "Change it there.")


def test_a_wrong_variable_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SEAKEEP_RUN_THREADS", "many")
    with pytest.raises(BadSetting, match=r"setting run\.threads is 'many'") as caught:
        load_settings(tmp_path)
    assert caught.value.where == "SEAKEEP_RUN_THREADS"


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("SEAKEEP_SERVE_WORKRES", "SEAKEEP_SERVE_WORKERS"),
        ("SEAKEEP_ACCESS_TOKEN", "SEAKEEP_ACCESS_TOKENS"),
        ("SEAKEEP_SERVE_LATENCY_TARGET", "SEAKEEP_SERVE_LATENCY_TARGET_MS"),
    ],
)
def test_a_misspelt_variable_is_refused(tmp_path, monkeypatch, name, near) -> None:
    monkeypatch.setenv(name, "2")
    with pytest.raises(BadSetting, match=f"{name} is no setting") as caught:
        load_settings(tmp_path)
    assert (caught.value.cause, caught.value.fix) == (
        f"Did you mean {near}?",
        f"Rename it, or take it away: unset {name}",
    )


def test_variables_that_others_put_beside_ours_are_let_be(tmp_path, monkeypatch) -> None:
    of_a_service = ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT", "PORT_8080_TCP", "PORT_8080_TCP_PROTO")
    ours = ("SEAKEEP_SERVE_RELEASE", "SEAKEEP_HEALTH_KEY", "SEAKEEP_NATS_CREDENTIALS", "SEAKEEP_WEBHOOK_TOKEN_FILE")
    for name in (*(f"SEAKEEP_SERVE_{name}" for name in of_a_service), *ours, "SEAKEEP_PORT", "SEAKEEP_COMPLETE"):
        monkeypatch.setenv(name, "tcp://10.0.0.1:8080")
    assert load_settings(tmp_path).serve.workers == 1


@pytest.mark.parametrize("content", [b"[serve\n", b"workers = two\n", b"\xff\xfe"])
def test_what_is_not_toml_is_named(tmp_path, content) -> None:
    (tmp_path / "seakeep.toml").write_bytes(content)
    with pytest.raises(BadSetting, match="the settings are not TOML") as caught:
        load_settings(tmp_path)
    assert caught.value.path == tmp_path / "seakeep.toml"


def test_every_key_has_one_variable() -> None:
    assert len({variable(key) for key in keys()}) == len(keys())
    assert "file" not in keys()


def test_the_home_of_the_file_starts_at_the_file(tmp_path, monkeypatch) -> None:
    write(tmp_path, 'home = "state"\n')
    inner = tmp_path / "inner"
    inner.mkdir()
    monkeypatch.chdir(inner)
    assert find_home(inner, load_settings(inner)) == tmp_path / "state"
    monkeypatch.setenv("SEAKEEP_HOME", "elsewhere")
    assert find_home(inner, load_settings(inner)) == inner / "elsewhere"
    assert find_home(inner, load_settings(inner, arguments={"home": "/given"})) == Path("/given")


def test_without_a_file_the_home_is_the_nearest_one_upwards(tmp_path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    settings = load_settings(inner)
    assert find_home(inner, settings) == inner / ".seakeep"
    (tmp_path / ".seakeep").mkdir()
    assert find_home(inner, settings) == tmp_path / ".seakeep"


def test_with_a_file_the_home_stands_beside_it(tmp_path) -> None:
    (tmp_path / ".seakeep").mkdir()
    inner = tmp_path / "project"
    inner.mkdir()
    write(inner, "")
    (inner / "pipeline.py").write_text("")
    assert Project.of(inner / "pipeline.py").home == inner / ".seakeep"


def test_a_list_of_choices_is_read_from_the_file_and_from_a_variable(tmp_path, monkeypatch) -> None:
    write(tmp_path, '[retrain]\non = ["drift", "spans"]\nskip_bad_spans = true\n')
    retrain = load_settings(tmp_path).retrain
    assert (retrain.on, retrain.skip_bad_spans) == (("drift", "spans"), True)
    monkeypatch.setenv("SEAKEEP_RETRAIN_ON", "decay, schedule,decay")
    monkeypatch.setenv("SEAKEEP_RETRAIN_SKIP_BAD_SPANS", "False")
    retrain = load_settings(tmp_path).retrain
    assert (retrain.on, retrain.skip_bad_spans) == (("decay", "schedule"), False)
    write(tmp_path, "[retrain]\non = []\n")
    monkeypatch.delenv("SEAKEEP_RETRAIN_ON")
    assert load_settings(tmp_path).retrain.on == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('on = "spans"', "a list of some of 'spans', 'schedule', 'drift', 'decay'"),
        ('on = ["spam"]', "a list of some of 'spans'"),
        ("skip_bad_spans = 1.5", "true or false"),
        ('skip_bad_spans = "yes"', "true or false"),
        ('cooldown = "an hour"', "a length of time in quotes"),
        ('per = ""', "a length of time in quotes"),
        ('every = "daily"', "a length of time in quotes, .* or empty for never"),
        ("max_minutes = 0", "a whole number of at least 1"),
        ('rollout = "immediate"', "one of 'canary', 'none'"),
    ],
)
def test_a_wrong_retrain_setting_is_told_what_it_may_be(tmp_path, line, expected) -> None:
    write(tmp_path, f"[retrain]\n{line}\n")
    with pytest.raises(BadSetting, match=f"expected {expected}"):
        load_settings(tmp_path)


def test_numbers_of_rollouts_are_read_from_files_variables_and_arguments(tmp_path, monkeypatch) -> None:
    (tmp_path / "seakeep.toml").write_text('[rollout]\nalpha = 0.01\nshares = "0.1, .5"\nmargin = 0\n')
    monkeypatch.setenv("SEAKEEP_ROLLOUT_TOLERANCE", "0.02")
    found = load_settings(tmp_path, arguments={"rollout.look_seconds": 5}).rollout
    assert (found.alpha, found.shares, found.margin, found.tolerance, found.look_seconds) == (
        0.01,
        "0.1, .5",
        0,
        0.02,
        5,
    )


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('alpha = "much"', "a number of at least 0"),
        ("alpha = -0.1", "a number of at least 0"),
        ("alpha = true", "a number of at least 0"),
        ("alpha = nan", "a number of at least 0"),
        ("look_seconds = 0", "a whole number of at least 1"),
        ('shares = "5, 25"', 'shares in quotes, for example "0.05,0.25,0.5"'),
    ],
)
def test_settings_of_rollouts_that_cannot_be_are_refused(tmp_path, line, expected) -> None:
    (tmp_path / "seakeep.toml").write_text(f"[rollout]\n{line}\n")
    with pytest.raises(BadSetting, match=re.escape(f"expected {expected}")):
        load_settings(tmp_path)


def test_a_variable_that_is_no_number_is_refused(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SEAKEEP_ROLLOUT_ALPHA", "a lot")
    with pytest.raises(BadSetting, match="SEAKEEP_ROLLOUT_ALPHA"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('window = "0h"', "a length of time above 0"),
        ('window = "9999w"', "10 seconds to 366 days"),
        ('grace = "0h"', "a length of time above 0"),
        ("calm = 0", "at least 1"),
        ("q = 1.5", "a share above 0 and below 1"),
    ],
)
def test_settings_of_a_monitor_that_cannot_be_are_refused_with_their_line(tmp_path, line, expected) -> None:
    (tmp_path / "seakeep.toml").write_text(f"[monitor]\n\n{line}\n")
    with pytest.raises(BadSetting, match=re.escape(f"expected {expected}")) as caught:
        load_settings(tmp_path)
    assert caught.value.where == f"{tmp_path / 'seakeep.toml'} line 3"


@pytest.mark.parametrize("text", ["[retrain]\nevery = {a = 1}\n", "# c\n[[retrain]]\nevery = '1d'\n"])
def test_a_table_where_a_value_belongs_is_told_with_its_line(tmp_path, text) -> None:
    (tmp_path / "seakeep.toml").write_text(text)
    with pytest.raises(BadSetting, match="there is no setting 'retrain") as caught:
        load_settings(tmp_path)
    assert caught.value.where == f"{tmp_path / 'seakeep.toml'} line 2"
