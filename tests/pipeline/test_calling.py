"""A user's function of the wrong shape, or one that returns the wrong thing, is named with its file and line."""

from __future__ import annotations

import pytest

from seakeep.pipeline import run, slots
from seakeep.pipeline.calling import called
from seakeep.pipeline.declaration import Pipeline
from seakeep.pipeline.errors import BadPipeline
from seakeep.pipeline.spans.errors import BadSpans

SHAPES = {
    "profile": "dataset",
    "infer_schema": "statistics, /, *, name, label, time, key, after",
    "validate": "statistics, schema, /, *, environment, reference, subject",
    "train": "dataset, features, estimator, /, *, schema, statistics, name, held_out, seed",
    "evaluate": "predictor, model, dataset, /, **given",
}
RETURNS = {
    "profile": "Statistics",
    "infer_schema": "Schema",
    "validate": "Report",
    "train": "Trained",
    "evaluate": "Report",
}


def put(project, slot: str, function: str) -> None:
    """Put a function into a slot of the project's pipeline, in place of the one that may stand there."""
    text = project.file.read_text().replace(f"    {slot}={slot},\n", "")
    project.file.write_text(text.replace("tips = seakeep", f"{function}\n\ntips = seakeep").replace(
        '    name="tips",\n', f'    name="tips",\n    {slot}=mine,\n'))  # fmt: skip


@pytest.mark.parametrize("slot", SHAPES)
def test_a_stage_function_that_returns_the_wrong_thing_is_named(project, slot) -> None:
    put(project, slot, f"def mine({SHAPES[slot]}):\n    return None")
    with pytest.raises(BadPipeline, match=f"{slot} function returned a NoneType, expected a {RETURNS[slot]}") as told:
        run(project.file)
    assert told.value.where.startswith("pipeline.py:")
    assert f"slots.{slot}(" in told.value.fix
    assert callable(getattr(slots, slot))


@pytest.mark.parametrize("slot", SHAPES)
def test_a_stage_function_of_the_wrong_shape_is_named(project, slot) -> None:
    put(project, slot, "def mine(surprise, *, more):\n    return None")
    with pytest.raises(BadPipeline, match=f"{slot} function cannot be called: (missing a required|too many)") as told:
        run(project.file)
    assert told.value.where.startswith("pipeline.py:")


def test_a_read_function_takes_paths_only_where_there_are_spans(project) -> None:
    project.edit("def read():", "def read(paths):")
    with pytest.raises(BadSpans, match=r"has no spans, and its read function takes \(paths\), expected no par") as told:
        run(project.file)
    assert told.value.where.startswith("pipeline.py:")
    project.edit("def read(paths):", "def read():")
    project.edit("    read=read,\n", '    read=read,\n    spans=seakeep.Spans("data/*.csv"),\n')
    (project.folder / "data" / "b.csv").write_text((project.folder / "data" / "a.csv").read_text())
    with pytest.raises(BadSpans, match=r"has spans, and its read function takes \(\), expected one parameter") as told:
        run(project.file)
    assert "def read(paths)" in told.value.fix


def test_a_held_out_function_of_the_wrong_shape_is_named(project) -> None:
    put(project, "held_out", "def mine():\n    return None")
    with pytest.raises(BadPipeline, match="held_out function cannot be called: too many positional arguments"):
        run(project.file)


@pytest.mark.parametrize(
    ("returned", "told"),
    [
        ("dataset", "returned a Dataset, expected a tuple"),
        ("(dataset,)", r"returned \(Dataset\), expected two Datasets"),
        ("(dataset, None)", r"returned \(Dataset, NoneType\), expected two Datasets"),
        ("(dataset, dataset)", "the same rows to train on and to hold out"),
    ],
)
def test_a_held_out_function_must_give_two_different_parts(project, returned, told) -> None:
    put(project, "held_out", f"def mine(dataset):\n    return {returned}")
    with pytest.raises(BadPipeline, match=told) as error:
        run(project.file)
    assert error.value.where.startswith("pipeline.py:")


def test_what_a_stage_function_raises_itself_names_its_own_line(project) -> None:
    put(project, "profile", "def mine(dataset):\n    return len(3)")
    with pytest.raises(Exception, match="stage profile broke off: TypeError: object of type 'int' has no len") as told:
        run(project.file)
    assert "in mine" in told.value.where


def test_a_function_that_does_not_tell_its_shape_is_called_all_the_same() -> None:
    assert called("profile", int, int, "3") == 3


@pytest.mark.parametrize(
    ("field", "value"), [("slices", [3]), ("slices", [()]), ("slices", [("a", 1)]), ("watch", [3]), ("after", [None])]
)
def test_a_list_that_holds_the_wrong_things_is_refused(field, value) -> None:
    with pytest.raises(BadPipeline, match=rf"Pipeline\({field}=…\) holds"):
        Pipeline(name="tips", read=lambda: None, features=None, estimator=None, **{field: value})
