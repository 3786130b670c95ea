"""The chart: values, their schema, and templates with holes. test_kubernetes_checked.py renders it with Helm."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from ruamel.yaml import YAML

from seakeep.core import Verdict
from seakeep.integrations._kube import BadTarget
from seakeep.integrations._kubernetes.knobs import Knob, template, values
from seakeep.integrations.helm import Options, files, next_lines
from seakeep.pipeline.exports.errors import BadExport

from .facts import IMAGE, golden, release, subject

GIVEN = Options(image=IMAGE)


def test_a_chart_has_values_with_a_schema_and_a_template_an_object() -> None:
    written = files(subject(), GIVEN)
    golden("helm/files.txt", "\n".join(written) + "\n")
    golden("helm/Chart.yaml", written["Chart.yaml"])
    golden("helm/values.yaml", written["values.yaml"])
    golden("helm/deployment.yaml", written["templates/deployment.yaml"])
    golden("helm/route.yaml", written["templates/route.yaml"])


def test_equal_facts_give_equal_bytes() -> None:
    assert files(subject(), GIVEN) == files(subject(), GIVEN)


def test_the_schema_knows_every_value_and_nothing_else() -> None:
    written = files(subject(), GIVEN)
    schema = json.loads(written["values.schema.json"])

    def compare(value: dict, known: dict, path: str) -> None:
        assert known["additionalProperties"] is False or path == "settings", path
        for key, item in value.items():
            if known["properties"].get(key, {}).get("properties"):
                compare(item, known["properties"][key], key)
            else:
                assert key in known["properties"], f"{path}.{key}"

    compare(YAML(typ="safe").load(written["values.yaml"]), schema, "")


def test_what_a_cluster_may_lack_is_off() -> None:
    found = YAML(typ="safe").load(files(subject(), GIVEN)["values.yaml"])
    assert (found["gateway"]["enabled"], found["prometheus"]["enabled"]) == (False, False)


def test_templates_of_others_within_texts_are_escaped() -> None:
    """An alert's text holds Prometheus' own templates, which are none of Helm's."""
    value = {"text": "{{ $labels.model }} fails", "size": 1}
    found = template("rule", value, [Knob("rule", ("size",), "size", "")], head="{{ head }}")
    assert '{{ "{{" }} $labels.model }} fails' in found
    assert "size: {{ .Values.size }}" in found
    assert found.startswith('# {{ "{{" }} head }}')


def test_holes_for_texts_numbers_mappings_and_what_may_be_absent() -> None:
    value = {"a": {"text": "x", "map": {"k": "v"}}, "list": [{"n": 1}]}
    knobs = [
        Knob("f", ("a", "text"), "text", ""),
        Knob("f", ("a", "map"), "map", "", "yaml"),
        Knob("f", ("a", "extra"), "extra", "", "with", default=[]),
        Knob("f", ("list", 0, "n"), "deep.n", ""),
    ]
    assert template("f", value, knobs, head="").splitlines() == [
        "a:",
        "  text: {{ .Values.text | quote }}",
        "  map: {{- toYaml .Values.map | nindent 4 }}",
        "  {{- with .Values.extra }}",
        "  extra: {{- toYaml . | nindent 4 }}",
        "  {{- end }}",
        "list:",
        "  - 'n': {{ .Values.deep.n }}",
    ]
    assert values({"f": value}, knobs) == {"text": "x", "map": {"k": "v"}, "extra": [], "deep": {"n": 1}}
    assert value["a"] == {"text": "x", "map": {"k": "v"}}, "the object itself stays whole"


def test_a_release_that_did_not_pass_is_marked() -> None:
    written = files(subject(release=release(verdict=Verdict.FAIL, forced="a test")), GIVEN)
    assert "WARNING: flight-delay@3 did not pass" in written["Chart.yaml"]
    assert "seakeep.dev/forced: a test" in written["Chart.yaml"]
    assert "WARNING" in written["templates/deployment.yaml"]


def test_a_project_without_a_champion_has_a_chart_of_its_jobs() -> None:
    written = files(subject(release=None), GIVEN)
    assert "templates/deployment.yaml" not in written
    assert "templates/cronjob-monitor.yaml" in written
    assert "run as scheduled" in written["templates/NOTES.txt"]


def test_no_image_an_illegal_name_and_impossible_options_are_refused() -> None:
    with pytest.raises(BadExport, match="helm needs the name of an image"):
        files(subject(), Options())
    with pytest.raises(BadExport, match="cannot be the name"):
        files(subject(name="A b"), GIVEN)
    with pytest.raises(BadTarget, match=r"canary_percent(.|\n)*option of helm"):
        files(subject(), replace(GIVEN, canary_percent=-1))


def test_the_next_lines_try_before_they_change() -> None:
    assert any("--dry-run=server" in line for line in next_lines(subject(), GIVEN))
