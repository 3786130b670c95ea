"""Loading a pipeline's file: one pipeline, or an error that names file and line."""

from __future__ import annotations

import importlib
import sys
import textwrap

import pytest

from seakeep.core.errors import SeakeepError
from seakeep.pipeline.errors import BadPipeline, CannotLoad
from seakeep.pipeline.load import importable, load_pipeline
from seakeep.pipeline.project import Project

ONE = """
    import seakeep
    from seakeep.features import Features, number
    def read(): ...
    {name} = seakeep.Pipeline(name="{name}", read=read, features=Features(number("fare")), estimator="x()")
"""


def load(path, name: str | None = None):
    project = Project.of(path)
    with importable(project):
        return load_pipeline(project, name=name)


def test_the_one_pipeline_is_found_also_under_two_names(write_project) -> None:
    path = write_project(ONE.format(name="tips") + "    again = tips\n")
    assert load(path).name == "tips"


def test_a_file_without_a_pipeline_says_what_it_defines(write_project) -> None:
    with pytest.raises(CannotLoad, match="there is no Pipeline in the file") as caught:
        load(write_project("fares = 3\n"))
    assert "fares" in caught.value.cause


def test_several_pipelines_must_be_told_apart(write_project) -> None:
    path = write_project(ONE.format(name="tips") + ONE.format(name="fares"))
    with pytest.raises(CannotLoad, match="there are 2 pipelines in the file") as caught:
        load(path)
    assert caught.value.fix.endswith("--name fares")
    assert load(path, "tips").name == "tips"
    with pytest.raises(CannotLoad, match="no pipeline in the file is called 'tisp'") as caught:
        load(path, "tisp")
    assert "'tips'" in caught.value.cause


@pytest.mark.parametrize(
    ("text", "place", "error"),
    [
        ("x = 1\ny = x / 0\n", "pipeline.py:2", "ZeroDivisionError"),
        ("def f():\n    raise KeyError('k')\nf()\n", "pipeline.py:2 in f", "KeyError"),
        ("x = (\n", "pipeline.py:1", "SyntaxError"),
        ("import no_such_module\n", "pipeline.py:1", "ModuleNotFoundError"),
        ("import sys\nsys.exit(0)\n", "pipeline.py:2", "SystemExit"),
    ],
)
def test_a_file_that_breaks_names_the_line(write_project, text, place, error) -> None:
    with pytest.raises(CannotLoad, match=f"pipeline.py breaks when it is run: {error}") as caught:
        load(write_project(text))
    assert caught.value.place == place


def test_an_error_in_a_helper_names_the_helper(write_project) -> None:
    path = write_project("import helper\n")
    (path.parent / "helper.py").write_text("\n\nboom\n")
    with pytest.raises(CannotLoad) as caught:
        load(path)
    assert caught.value.place == "helper.py:3"


def test_an_error_of_ours_comes_through_as_it_is(write_project) -> None:
    with pytest.raises(BadPipeline, match="held_out"):
        load(write_project(ONE.format(name="tips").replace('"x()"', '"x()", held_out=7')))


def test_helpers_are_loaded_afresh_and_the_path_is_restored(write_project) -> None:
    path = write_project("import helper_of_mine\n" + ONE.format(name="tips").replace('"x()"', "helper_of_mine.NAME"))
    text = "\n".join(line.removeprefix("    ") for line in path.read_text().splitlines())
    path.write_text(text)
    helper = path.parent / "helper_of_mine.py"
    helper.write_text("NAME = 'a()'\n")
    before = list(sys.path)
    assert load(path).estimator == "a()"
    assert sys.path == before
    helper.write_text("NAME = 'another()'\n")
    assert load(path).estimator == "another()"


def test_a_project_does_not_get_the_helper_of_another_one(tmp_path) -> None:
    for name in ("first", "second"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "helper_of_mine.py").write_text(f"NAME = '{name}()'\n")
        text = "import helper_of_mine\n" + textwrap.dedent(ONE.format(name="tips"))
        (folder / "pipeline.py").write_text(text.replace('"x()"', "helper_of_mine.NAME"))
        assert load(folder / "pipeline.py").estimator == f"{name}()"
    assert "helper_of_mine" not in sys.modules


def test_what_the_caller_had_loaded_stays_loaded(tmp_path, monkeypatch) -> None:
    (tmp_path / "helper_of_mine.py").write_text("NAME = 'x()'\n")
    (tmp_path / "pipeline.py").write_text("import helper_of_mine\n" + textwrap.dedent(ONE.format(name="tips")))
    monkeypatch.syspath_prepend(tmp_path)
    mine = importlib.import_module("helper_of_mine")
    try:
        load(tmp_path / "pipeline.py")
        assert sys.modules["helper_of_mine"] is mine
    finally:
        sys.modules.pop("helper_of_mine", None)


def test_a_pipeline_with_wrong_fields_is_refused(write_project) -> None:
    base = ONE.format(name="tips")
    for field, value, message in (
        ("slices", '"zone"', r"slices=…\) is 'zone', expected a list"),
        ("require", "0.7", r"require=…\) is 0.7, expected a list"),
        ("held_out", "1.5", "expected a share between 0 and 1"),
        ("held_out", "True", "expected a share between 0 and 1"),
        ("train", "None", "expected a function"),
    ):
        with pytest.raises(SeakeepError, match=message):
            load(write_project(base.replace('"x()"', f'"x()", {field}={value}')))
    with pytest.raises(SeakeepError, match="cannot name a release"):
        load(write_project(base.replace('name="tips"', 'name="tips and more"')))
