"""Rules about the values that requests bring: what the contract allows of each column, and alerts where more comes.

The contract is recorded as series of its own, one a column, so that one alert holds for all columns and a dashboard can draw the limit beside
the share. A share alone would alarm on the one bad row of a quiet night, so at least FEWEST values must have come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.integrations import _queries as q
from seakeep.integrations._rules.alert import Alert, Case, Group, Recording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from seakeep.integrations._rules.contract import Contract

FEWEST = 20
"""Values within 30 minutes."""
MISSING_LIMIT, OUTSIDE_LIMIT = "seakeep_contract_missing_share", "seakeep_contract_outside_share"
MISSING, OUTSIDE = (
    "model_version_column:seakeep_missing_values:ratio_rate30m",
    "model_version_column:seakeep_outside_values:ratio_rate30m",
)
_PERCENT = "{{ $value | humanizePercentage }}"


def columns(contract: Contract) -> Group:
    """Shares of missing and outside values with their limits, and the alerts on both."""
    name, of = contract.name, q.matchers(model=contract.name)
    rules = [
        Recording(MISSING, q.missing_share(of, over="30m")),
        Recording(OUTSIDE, q.outside_share(of, over="30m")),
        *_limits(MISSING_LIMIT, name, contract.missing),
        *_limits(OUTSIDE_LIMIT, name, contract.outside),
    ]
    if contract.missing:
        told = f"are missing in {_PERCENT} of the rows for {name}, more than its contract allows"
        count = "seakeep_missing_values_total"
        rules.append(_exceeding("SeakeepValuesMissing", name, (MISSING, MISSING_LIMIT, count), told, contract.missing))
    if contract.outside:
        told = f"lie outside of the contract's values or bounds in {_PERCENT} of the rows for {name}"
        count = "seakeep_outside_values_total"
        rules.append(_exceeding("SeakeepValuesOutside", name, (OUTSIDE, OUTSIDE_LIMIT, count), told, contract.outside))
    return Group(f"seakeep {name} columns", "What the contract allows of each column, and what comes.", tuple(rules))


def _limits(record: str, name: str, limits: Mapping[str, float]) -> list[Alert | Recording]:
    return [Recording(record, f"vector({limit:.6g})", {"model": name, "column": key}) for key, limit in limits.items()]


def _exceeding(alert: str, name: str, series: tuple[str, str, str], told: str, limits: Mapping[str, float]) -> Alert:
    """An alert on columns with a larger share than their limit. series: the share's, the limit's and the counter's names."""
    share, limit, counter = series
    column = next(key for key, most in limits.items() if most == min(limits.values()))
    own = {"model": name, "version": "1", "column": column}
    few = f"sum by (model, version, column) (increase({counter}{{{q.matchers(model=name)}}}[30m])) >= {FEWEST}"
    expr = (
        f"({share}{{{q.matchers(model=name)}}} > on (model, column) group_left () {limit}) "
        f"and on (model, version, column) ({few})"
    )
    rows = f'seakeep_run_rows_sum{{model="{name}", version="1"}}'
    return Alert(
        alert,
        expr,
        "10m",
        "warning",
        f"{name}: values of {{{{ $labels.column }}}} break the contract",
        f"Values of {{{{ $labels.column }}}} {told}.",
        f"seakeep show {name}",
        Case({f"{counter}{{{q.matchers(**own)}}}": "0+60x90", rows: "0+60x90"}, "20m", own, {_PERCENT: "100%"}),
    )
