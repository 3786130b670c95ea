"""Every option of every target: a value that is not the default changes what is written or what to type next."""

from __future__ import annotations

import functools
import importlib
from dataclasses import fields, replace
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from seakeep.pipeline.exports import targets

from .facts import IMAGE, release
from .workers import remote

OTHER = {
    "base": "registry.example.com/python:3.12@sha256:" + "a" * 64,
    "python": "3.13",
    "packages": "lightgbm",
    "extras": "xgboost",
    "server_extras": "grpc",
    "image": "registry.example.com/team/others",
    "server_digest": "sha256:" + "b" * 64,
    "worker_digest": "sha256:" + "c" * 64,
    "hostname": "flights.example.com",
    "weights": "10,50",
    "control_url": "http://control.example.com:8081",
    "prometheus": "http://prometheus.example.com:9090",
    "schedule": {"kubeflow": "0 5 4 * * *", "argo-workflows": "5 4 * * *", "github-actions": "5 4 * * *"},
    "monitor_schedule": "5 4 * * *",
    "retrain_schedule": "5 4 * * *",
    "refresh": "1m",
    "path": "/srv/boards",
    "servers": "10.0.0.1:8080",
    "control": "10.0.0.1:8081",
    "alertmanagers": "10.0.0.1:9093",
    "webhook": "http://10.0.0.1:8081/alerts",
    "slow_seconds": 0.25,
    "storage_uri": "s3://models/flights",
    "stable": "registry.example.com/team/flights:server-2-aaaaaaaaaaaa",
    "logger_url": "http://log.example.com",
    "space": "num_leaves=7:63",
    "metric": "log_loss",
    "instance": {"sagemaker": "ml.c6i.xlarge", "azure-ml": "Standard_DS3_v2"},
    "identity": "/subscriptions/a/resourceGroups/b/providers/Microsoft.ManagedIdentity/userAssignedIdentities/c",
    "champion_image": "registry.example.com/team/flights:server-2-aaaaaaaaaaaa",
    "capture_uri": "s3://logs/flights",
    "project": "another-project",
    "location": "europe-west1",
    "machine": "n2-standard-4",
    "champion": {"vertex": "1234", "azure-ml": "flight-delay-2"},
    "pins": "actions/checkout=" + "d" * 40,
    "exports": "prometheus",
    "job_image": "python:3.13-bookworm",
    "install": "pip install .",
    "service_account": {"vertex": "server@team.iam.gserviceaccount.com"},
}
"""A value of each option that is not its default, where adding 1, x or not would be no legal one; by target, where they differ."""
BESIDE = {
    "vertex": {"project": "team-project"},
    "katib": {"space": "num_leaves=7:31"},
    ("kserve", "canary_percent"): {"stable": OTHER["stable"]},
    ("kserve", "stable"): {"stable": "registry.example.com/team/flights:server-1-aaaaaaaaaaaa"},
    ("prometheus", "namespace"): {"discovery": "kubernetes"},
    ("kserve", "cluster_runtime"): {"storage_uri": "s3://models/flights"},
    ("kserve", "logger_mode"): {"logger_url": "http://log.example.com"},
    ("sagemaker", "canary_percent"): {"champion_image": OTHER["champion_image"]},
    ("sagemaker", "capture_percent"): {"capture_uri": "s3://logs/flights"},
    ("vertex", "canary_percent"): {"project": "team-project", "champion": "1234"},
    ("azure-ml", "canary_percent"): {"champion": "flight-delay-2"},
}
"""Options that have a meaning beside others only."""
MODULES: dict[str, Any] = {
    name: importlib.import_module("seakeep.integrations." + name.replace("-", "_")) for name in targets()
}
OPTIONS = [
    (name, each.name) for name, module in MODULES.items() for each in fields(module.Options) if each.name != "name"
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("project")


@functools.cache
def written(target, options, folder):
    facts, module = replace(remote(folder), release=release()), MODULES[target]
    made = module.text_of(facts, options) if target == "kubeflow" else module.files(facts, options)  # kfp is not here
    return made, module.next_lines(facts, options)


def other(target: str, name: str, kind: Any, value: Any) -> object:
    """A legal value that is not `value`."""
    found = OTHER.get(name)
    found = found.get(target) if isinstance(found, dict) else found
    if found is not None:
        return found
    if get_origin(kind) is Literal:
        return next(choice for choice in get_args(kind) if choice != value)
    if kind is str:
        return "another"
    return {bool: not value, float: value / 2, int: value - 1 if name == "capture_percent" else value + 1}[kind]


@pytest.mark.parametrize(("target", "name"), OPTIONS)
def test_an_option_changes_what_is_written(target, name, folder):
    made = MODULES[target].Options
    kinds = get_type_hints(made)
    image = {"image": IMAGE} if "image" in kinds else {}
    before = made(**{**image, **BESIDE.get(target, {}), **BESIDE.get((target, name), {})})
    value = getattr(before, name)
    after = replace(before, **{name: other(target, name, kinds[name], value)})
    assert written(target, after, folder) != written(target, before, folder)
