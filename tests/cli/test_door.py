"""The door: every way of ending, and what it costs to open."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import click
import polars as pl
import pytest

from seakeep.cli import _main
from seakeep.cli._main import code_of

PROGRAM = [sys.executable, "-c", "from seakeep.cli import main; main()"]
HEAVY = (
    "polars",
    "numpy",
    "onnx",
    "onnxruntime",
    "sklearn",
    "lightgbm",
    "rich",
    "jinja2",
    "ruamel.yaml",
    "granian",
    "pyarrow",
)


def modules_after(*arguments: str, cwd: object = None) -> tuple[int, list[str]]:
    """The command's exit code and which heavy modules it loaded."""
    code = (
        "import sys\nfrom seakeep.cli._main import code_of\n"
        f"found = code_of({list(arguments)!r})\n"
        f"print('\\n' + str(found), *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=cwd)
    last = done.stdout.splitlines()[-1].split()
    return int(last[0]), last[1:]


def test_help_loads_no_heavy_library() -> None:
    assert modules_after("--help") == (0, [])
    assert modules_after("run", "--help") == (0, [])


def test_a_cached_run_loads_no_heavy_library_and_not_the_pipelines_file(finished) -> None:
    from seakeep.cli._main import code_of

    path = finished / "pipeline.py"
    subprocess.run([*PROGRAM, "run", str(path)], check=True, capture_output=True)
    assert modules_after("run", str(path)) == (0, [])
    assert modules_after("run", str(path), "--json") == (0, [])
    assert code_of(["run", str(path)]) == 0


def test_releases_loads_neither_polars_nor_onnx(finished) -> None:
    code, loaded = modules_after("releases", "--home", str(finished / ".seakeep"))
    assert (code, {"polars", "onnxruntime", "numpy"} & set(loaded)) == (0, set())


def test_an_unknown_verb_is_told_the_nearest(shell) -> None:
    answer = shell("relases")
    assert answer.code == 3
    assert "Did you mean 'releases'?" in answer.err
    assert "seakeep releases --help" in answer.err
    assert shell("xyzzy").err.rstrip().endswith("seakeep --help")


def test_an_unknown_option_is_told_the_nearest(shell) -> None:
    answer = shell("run", "p.py", "--stge", "read")
    assert answer.code == 3
    assert "there is no option --stge (seakeep run)" in answer.err
    assert "Did you mean --stage?" in answer.err
    assert "seakeep run --help" in answer.err


@pytest.mark.parametrize(
    "arguments", [["run"], ["run", "a.py", "b.py"], ["run", "a.py", "--threads", "x"], ["profile", "x", "-o"]]
)
def test_usage_errors_end_with_3_and_not_with_clicks_2(shell, arguments) -> None:
    answer = shell(*arguments)
    assert (answer.code, answer.out) == (3, "")
    assert answer.err.startswith("BadCommandLine: ")
    assert set(json.loads(shell(*arguments, "--json").err)) >= {"error", "found", "fix"}


def test_without_a_verb_the_help_is_shown_and_the_code_is_3(shell) -> None:
    answer = shell()
    assert answer.code == 3
    assert "\nAnswers:\n" in answer.err


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    @click.command()
    @click.option("--json", is_flag=True)
    def broken(json: bool) -> None:
        raise error

    monkeypatch.setattr(_main.Verbs, "get_command", lambda *_: broken)


def test_an_unforeseen_exception_ends_with_3_and_its_trace(shell, monkeypatch) -> None:
    fail_with(RuntimeError("nobody foresaw this"), monkeypatch)
    answer = shell("run")
    assert answer.code == 3
    assert "Traceback" in answer.err
    assert "RuntimeError: nobody foresaw this" in answer.err
    plain = json.loads(shell("run", "--json").err)
    assert (plain["error"], plain["exit_code"]) == ("RuntimeError", 3)


def test_a_panic_of_rust_ends_with_3(shell, monkeypatch) -> None:
    fail_with(pl.exceptions.PanicException("entered unreachable code"), monkeypatch)
    answer = shell("run")
    assert (answer.code, "entered unreachable code" in answer.err) == (3, True)


def test_ctrl_c_ends_with_130(shell, monkeypatch) -> None:
    fail_with(KeyboardInterrupt(), monkeypatch)
    answer = shell("run")
    assert (answer.code, answer.err.strip()) == (130, "interrupted")


def test_a_reader_that_goes_away_is_no_error(finished) -> None:
    command = [*PROGRAM, "schema", "infer", str(finished / "data" / "parcels.csv"), "--json"]
    read, write = os.pipe()
    process = subprocess.Popen(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    os.close(read)
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (141, "")


def test_an_interrupted_run_ends_cleanly_and_the_next_one_goes_on(finished, tmp_path) -> None:
    command = [*PROGRAM, "run", str(finished / "pipeline.py"), "--home", str(tmp_path / "home")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline().startswith("read ")
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, 0)
    assert "Traceback" not in err
    assert code_of(command[3:]) == 0
    assert not list((tmp_path / "home").rglob(".tmp-*"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_sign_that_the_terminal_lacks_does_not_break_a_verb(finished, encoding) -> None:
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    shown = subprocess.run([*PROGRAM, "show", "trips"], capture_output=True, cwd=finished, env=environment, check=True)
    assert b"?" in shown.stdout
    assert shown.stderr == b""


def test_json_is_whole_whatever_the_encoding(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("é,😀\n1,ü\n", encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(
        [*PROGRAM, "profile", "a.csv", "--json"], capture_output=True, cwd=tmp_path, env=environment, check=True
    )
    assert set(json.loads(told.stdout)["columns"]) == {"é", "😀"}


def test_a_closed_standard_output_is_no_breakage(finished) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" "$@" >&-', *PROGRAM, "releases"], capture_output=True, text=True, cwd=finished, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")  # noqa: PTH110
@pytest.mark.parametrize("arguments", [["releases"], ["releases", "--json"], ["run", "pipeline.py"]])
def test_a_full_disk_behind_standard_output_is_told_without_a_trace(finished, arguments) -> None:
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, cwd=finished, check=False
        )
    assert done.returncode == 3
    assert "cannot write to standard output: No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_terminated_verb_takes_its_temporary_files_with_it(finished, tmp_path) -> None:
    table = tmp_path / "large.csv"
    header, rows = (finished / "data" / "parcels.csv").read_text().split("\n", 1)
    table.write_text(header + "\n" + rows * 200)
    process = subprocess.Popen(
        [*PROGRAM, "score", "trips", str(table), "-o", str(tmp_path / "out.parquet")],
        cwd=finished, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and not list(tmp_path.glob(".tmp-*")):
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (143, 130, 0)
    assert "Traceback" not in err
    assert not list(tmp_path.glob(".tmp-*"))


def test_a_termination_has_its_own_exit_code(monkeypatch, capsys) -> None:
    def terminated(*_: object, **__: object) -> None:
        raise click.Abort from _main.Terminated()

    monkeypatch.setattr(_main.seakeep, "main", terminated)
    assert code_of(["releases"]) == 143
    assert capsys.readouterr().err == "terminated\n"


@pytest.mark.parametrize("verb", [["monitor", "x"], ["rollout", "serve", "x"], ["retrain", "x.py"]])
@pytest.mark.parametrize("every", ["nan", "inf", "1e300", "0", "-1"])
def test_a_pause_that_is_no_time_is_refused_at_the_door(shell, verb, every):
    answer = shell(*verb, "--every", every)
    assert answer.code == 3
    assert answer.err.startswith("BadCommandLine: Invalid value for '--every'")
