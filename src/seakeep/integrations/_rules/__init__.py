"""Prometheus' rules for one release: what is recorded, what alerts, and the tests of both. Used by prometheus and kubernetes."""

from __future__ import annotations

from seakeep.integrations._rules.alert import Alert, Case, Group, Recording
from seakeep.integrations._rules.contract import Contract, Gate
from seakeep.integrations._rules.groups import common_groups, groups
from seakeep.integrations._rules.objectives import Objectives, objectives_of
from seakeep.integrations._rules.testing import rule_tests

__all__ = [
    "Alert",
    "Case",
    "Contract",
    "Gate",
    "Group",
    "Objectives",
    "Recording",
    "common_groups",
    "groups",
    "objectives_of",
    "rule_tests",
]
