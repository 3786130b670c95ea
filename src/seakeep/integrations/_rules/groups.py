"""All rules: those of one model, by its contract and objectives, and those that every model shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations._rules.alert import Alert, Case, Group
from seakeep.integrations._rules.charge import charge
from seakeep.integrations._rules.columns import columns
from seakeep.integrations._rules.service import answers, budgets, log, requests
from seakeep.integrations._rules.watch import silence, watch

if TYPE_CHECKING:
    from seakeep.integrations._rules.contract import Contract
    from seakeep.integrations._rules.objectives import Objectives

SERVERS, CONTROL = "seakeep", "seakeep-control"
"""Jobs of the scrape configuration."""


def groups(contract: Contract, objectives: Objectives, *, logged: bool = True) -> tuple[Group, ...]:
    """The rules of one model. logged: whether its servers write a prediction log."""
    name = contract.name
    return (
        requests(name, objectives),
        budgets(name, objectives),
        answers(name, objectives),
        columns(contract),
        *((log(name, objectives),) if logged else ()),
        watch(contract),
        silence(name),
        charge(name, objectives),
    )


def common_groups() -> tuple[Group, ...]:
    """The rules about the servers themselves."""
    told = "Prometheus gets no answer from {{ $labels.instance }}."
    rules = (
        Alert(
            "SeakeepServerDown",
            f'up{{job="{SERVERS}"}} == 0',
            "1m",
            "critical",
            "A server of models does not answer",
            told,
            "seakeep serve --help",
            Case({f'up{{job="{SERVERS}", instance="a:8080"}}': "0x10"}, "5m", {"job": SERVERS, "instance": "a:8080"}),
        ),
        Alert(
            "SeakeepControlDown",
            f'up{{job="{CONTROL}"}} == 0',
            "2m",
            "warning",
            "The control server does not answer",
            f"{told} Monitor and rollouts cannot be seen.",
            "seakeep rollout serve --help",
            Case({f'up{{job="{CONTROL}", instance="a:8081"}}': "0x10"}, "5m", {"job": CONTROL, "instance": "a:8081"}),
        ),
    )
    return (Group("seakeep servers", "The servers themselves.", rules),)
