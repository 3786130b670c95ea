"""The Kubeflow pipeline as a text to review; test_kubeflow_runs.py compiles and runs it."""

from __future__ import annotations

import ast
import builtins
from dataclasses import replace

import pytest

from seakeep.core.errors import MissingExtra
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._stages import NotRemote
from seakeep.integrations.kubeflow import Options, files, next_lines, text_of

from .facts import IMAGE, golden
from .workers import remote

DSL = {"dsl", "List"}
"""What kfp puts before a component's source."""


def definition(root, **options) -> str:
    return text_of(remote(root), Options(image=IMAGE, **options))


def functions(text: str) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}


def is_component(function: ast.FunctionDef) -> bool:
    return any("component" in ast.unparse(each) for each in function.decorator_list)


def lifted(function: ast.FunctionDef) -> list[str]:
    """The functions that kfp puts beside a component's own source."""
    found = [part for each in function.decorator_list for part in ast.walk(each) if isinstance(part, ast.List)]
    return [name.id for each in found for name in each.elts if isinstance(name, ast.Name)]


def free_names(function: ast.FunctionDef) -> set[str]:
    """Names that a function reads and does not make itself."""
    made = {argument.arg for argument in ast.walk(function) if isinstance(argument, ast.arg)}
    read = set()
    for node in function.body:
        for part in ast.walk(node):
            if isinstance(part, ast.Name):
                (made if isinstance(part.ctx, ast.Store) else read).add(part.id)
            elif isinstance(part, ast.Import):
                made |= {each.asname or each.name for each in part.names}
    return read - made - set(dir(builtins))


def test_the_definition_is_as_reviewed(tmp_path) -> None:
    golden("kubeflow/pipeline.py.txt", definition(tmp_path, data_claim="arrivals"))


def test_no_component_uses_what_its_container_does_not_have(tmp_path) -> None:
    """A constant of the module compiles, and fails in the pod."""
    known = functions(definition(tmp_path))
    components = [function for function in known.values() if is_component(function)]
    told = "read profile validate train evaluate refuse register roll_out conclude"
    assert [each.name for each in components] == told.split()
    for component in components:
        beside = lifted(component)
        for function in (component, *(known[name] for name in beside)):
            assert free_names(function) <= {*beside, *DSL}, function.name


def test_every_helper_that_a_helper_needs_is_lifted_with_it(tmp_path) -> None:
    known = functions(definition(tmp_path))
    for component in filter(is_component, known.values()):
        beside = set(lifted(component))
        for name in beside:
            assert free_names(known[name]) - DSL <= beside, f"{name} within {component.name}"


def test_components_take_kfp_and_seakeep_from_the_image(tmp_path) -> None:
    for component in filter(is_component, functions(definition(tmp_path)).values()):
        told = ast.unparse(component.decorator_list[0])
        assert "base_image=IMAGE" in told
        assert "install_kfp_package=False" in told


def test_a_requirement_cannot_leave_its_comment(tmp_path) -> None:
    found = remote(tmp_path)
    odd = replace(found, project=replace(found.project, requirements=('gap by a\nimport os\n"""x at most 1',)))
    text = text_of(odd, Options(image=IMAGE))
    assert "\nimport os" not in text
    ast.parse(text)


def test_a_pipeline_without_rollout_ends_with_the_release(tmp_path) -> None:
    text = definition(tmp_path, rollout=False)
    assert "roll_out" not in functions(text)
    assert "waits" in text


def test_caching_by_kubeflow_is_asked_for(tmp_path) -> None:
    assert "\nCACHING = False" in definition(tmp_path)
    assert "\nCACHING = True" in definition(tmp_path, caching=True)


@pytest.mark.parametrize("schedule", ["daily", "0 3 * * *"])
def test_a_schedule_of_kubeflow_has_six_fields(schedule, tmp_path) -> None:
    with pytest.raises(BadTarget, match="expected six fields of cron, seconds first"):
        definition(tmp_path, schedule=schedule)
    lines = next_lines(remote(tmp_path), Options(schedule="0 0 3 * * *"))
    assert lines[-1].endswith("--cron-expression '0 0 3 * * *' --pipeline-package-path pipeline.yaml")


@pytest.mark.parametrize("option", ["retries", "retry_seconds"])
def test_negative_retries_are_refused(option, tmp_path) -> None:
    with pytest.raises(BadTarget, match=f"{option} is -1; expected a whole number of at least 0"):
        definition(tmp_path, **{option: -1})


def test_a_missing_kfp_is_told_with_the_line_that_installs_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("importlib.metadata.distributions", lambda **_: iter(()))
    with pytest.raises(MissingExtra) as caught:
        files(remote(tmp_path), Options(image=IMAGE))
    assert str(caught.value) == (
        "compiling a Kubeflow pipeline needs the package 'kfp', which is not installed\n  pip install 'seakeep[kubeflow]'"
    )


def test_what_kfp_says_is_told() -> None:
    told = str(NotRemote.not_compiled("kubeflow", "Traceback\n  File x\nValueError: Memory must be a number\n\n"))
    assert "kfp cannot compile the pipeline: ValueError: Memory must be a number (kubeflow)" in told
    assert "it said nothing" in str(NotRemote.not_compiled("kubeflow", ""))
