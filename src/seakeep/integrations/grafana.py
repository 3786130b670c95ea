"""Grafana: dashboards of service, quality and rollout for one release, from its own contract, with provisioning of both.

The boards ask the Prometheus that `seakeep export prometheus` configures; limits that are drawn come from the release: its gates, its
columns' shares, the objectives of the service. What is hard is that a dashboard fails in silence: a query without series and a field that
Grafana does not know look like a calm day. So the JSON is made by Grafana's own types, and the tests run every query on a real
Prometheus and count what came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from seakeep.core import Report
from seakeep.core.errors import MissingExtra
from seakeep.integrations import _grafana as boards
from seakeep.integrations import _rules as rules
from seakeep.integrations._kube import warning
from seakeep.integrations._options import ADDRESS, check_forms
from seakeep.integrations._rules.contract import EVALUATION
from seakeep.integrations._yaml import document
from seakeep.monitoring.decay import required
from seakeep.pipeline.exports import BadExport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.integrations._grafana import Board
    from seakeep.pipeline.exports import Subject

NEEDS: Literal["release"] = "release"
_REFRESH = re.compile(r"[1-9]\d*[smh]")


@dataclass(frozen=True, slots=True)
class Options:
    """Where Grafana finds Prometheus and the boards, and what is promised to callers.

    prometheus: its address, as Grafana reaches it. folder: of the boards in Grafana. path: where the files of dashboards/ lie for Grafana.
    refresh: how often a board asks again. available, quick, slow_seconds, refused_at_most, log_gb: as of the target prometheus.
    """

    prometheus: str = "http://127.0.0.1:9090"
    folder: str = "Seakeep"
    path: str = "/var/lib/grafana/dashboards/seakeep"
    refresh: str = "30s"
    available: float = 0.999
    quick: float = 0.99
    slow_seconds: float = 0.0
    refused_at_most: float = 0.05
    log_gb: float = 50.0


def files(subject: Subject, options: Options) -> Mapping[str, str]:
    """A file a board, and the provisioning of data source and boards. Raises MissingExtra, without seakeep[grafana]."""
    try:
        from seakeep.integrations._grafana import building
    except ModuleNotFoundError as error:
        raise MissingExtra.of("grafana_foundation_sdk", "grafana", purpose="the export of dashboards") from error
    _check(options)
    made = {
        f"dashboards/{subject.name}-{board.kind}.json": building.text(board, refresh=options.refresh)
        for board in dashboards(subject, options)
    }
    return {
        **made,
        "provisioning/datasources/seakeep.yml": _datasources(options),
        "provisioning/dashboards/seakeep.yml": _providers(options),
    }


def dashboards(subject: Subject, options: Options) -> tuple[Board, ...]:
    """The boards of a release, as values."""
    assert subject.release is not None
    model = subject.release.model
    contract = rules.Contract.of(subject.release, name=subject.name)
    objectives = rules.objectives_of(options, subject.settings, target="grafana")
    evaluation = subject.release.folder / "reports" / EVALUATION
    metrics = required(Report.load(evaluation) if evaluation.is_file() else None, model.task)
    made = (
        boards.service(contract, objectives, model.inputs),
        boards.quality(contract, metrics),
        boards.rollout(contract),
    )
    return tuple(replace(board, about=warning(subject) + board.about) for board in made)


def next_lines(_subject: Subject, options: Options) -> Sequence[str]:
    """Where the files go."""
    return (f"cp dashboards/*.json {options.path}/", "cp -r provisioning/* /etc/grafana/provisioning/")


def _datasources(options: Options) -> str:
    source = {
        "name": "Seakeep",
        "type": "prometheus",
        "uid": "seakeep",
        "access": "proxy",
        "url": options.prometheus,
        "editable": False,
        "jsonData": {"httpMethod": "POST", "timeInterval": "15s"},
    }
    return document({"apiVersion": 1, "datasources": [source]}, head="The Prometheus that watches Seakeep.")


def _providers(options: Options) -> str:
    provider = {
        "name": "seakeep",
        "type": "file",
        "folder": options.folder,
        "disableDeletion": True,
        "allowUiUpdates": False,
        "options": {"path": options.path},
    }
    return document({"apiVersion": 1, "providers": [provider]}, head="The boards of every model, one folder of files.")


def _check(options: Options) -> None:
    """Raises BadExport, for an option that Grafana could not use."""
    if not _REFRESH.fullmatch(options.refresh):
        raise BadExport.wrong_option("grafana", "refresh", options.refresh, "a length of time such as 30s or 5m")
    check_forms("grafana", options, {"prometheus": (ADDRESS, "an address as http://host:port")})
