"""A report of ours as TFMD's Anomalies: what ExampleValidator writes, and what TFDV's tables show.

Called by integrations.tfx. Anomalies name what is wrong only, so checks that passed are told by their number. A check's code stands in
brackets at the end of its description, by which a report comes back with the codes it went out with.
"""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from seakeep.core.report import Check, Report, Verdict
from seakeep.integrations._tfx.anomaly_types import SIDES, TYPES
from seakeep.integrations._tfx.carried import Lost
from seakeep.integrations._tfx.files import protos
from seakeep.integrations._tfx.schema_out import schema_out

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.core.schema import Schema

TABLE = "table"
_MEASURED = {"l_infinity": 1, "jensen_shannon": 2, "normalised_absolute_difference": 3}


def anomalies_out(report: Report, *, schema: Schema | None = None) -> tuple[Any, tuple[Lost, ...]]:
    """The Anomalies of a report's failed and inconclusive checks. schema: what they were judged by; becomes the baseline."""
    module = protos("anomalies_pb2")
    found = module.Anomalies(anomaly_name_format=module.Anomalies.SERIALIZED_PATH)
    lost: list[Lost] = []
    if schema is not None:
        message, lost_of_schema = schema_out(schema)
        found.baseline.CopyFrom(message)
        lost += [Lost(f"baseline: {each.where}", each.what, each.why, each.gap) for each in lost_of_schema]
    wrong = [check for check in report.checks if check.verdict is not Verdict.PASS]
    found.data_missing = any(check.code == "schema.rows" and check.observed == 0 for check in wrong)
    by_subject = sorted(wrong, key=lambda check: check.subject)
    for subject, checks in groupby(by_subject, key=lambda check: check.subject):
        path = _path(subject, schema)
        info = found.dataset_anomaly_info if subject == TABLE else found.anomaly_info[".".join(path)]
        if subject != TABLE:
            info.path.step.extend(path)
        _describe(info, list(checks), module)
    _measure(found, report, schema)
    passed = len(report.checks) - len(wrong)
    if passed:
        lost.append(Lost("report", f"{passed} checks that passed", "Anomalies name what is wrong only."))
    if wrong:
        lost.append(
            Lost(
                "report",
                "observed values, thresholds, evidence, fixes",
                "Anomalies hold text; their message says them.",
            )
        )
    if report.tables:
        lost.append(
            Lost("report", f"tables {', '.join(table.name for table in report.tables)}", "Anomalies have none.")
        )
    return found, tuple(lost)


def _path(subject: str, schema: Schema | None) -> tuple[str, ...]:
    """The path of "place.city" or "tags[]": a column's name may have dots of its own, which the contract tells."""
    plain = subject.replace("[]", "")
    columns = schema.columns if schema is not None else {}
    if plain in columns or not columns:
        return (plain,)
    around = max((name for name in columns if plain.startswith(f"{name}.")), key=len, default=None)
    return (plain,) if around is None else (around, *plain[len(around) + 1 :].split("."))


def _describe(info: Any, checks: list[Check], module: Any) -> None:
    failed = any(check.verdict is Verdict.FAIL for check in checks)
    info.severity = module.AnomalyInfo.ERROR if failed else module.AnomalyInfo.WARNING
    for check in checks:
        for name in _types(check):
            told = f"{check.message} [{check.code}]"
            info.reason.add(type=module.AnomalyInfo.Type.Value(name), short_description=_short(check), description=told)
    texts = dict.fromkeys(reason.description for reason in info.reason)
    info.description = " ".join(texts)
    info.short_description = info.reason[0].short_description if len(texts) == 1 else "Multiple errors"


def _short(check: Check) -> str:
    return check.code.partition(".")[2].replace("_", " ").capitalize()


def _types(check: Check) -> Iterator[str]:
    """The type of a check; two where both of its bounds are broken."""
    if check.code == "schema.bounds":
        prefix, end = ("FLOAT_TYPE", "FLOAT") if isinstance(check.observed, float) else ("INT_TYPE", "INT")
        below, above = "is below the minimum" in check.message, "is above the maximum" in check.message
        yield from (f"{prefix}_SMALL_{end}",) if below else ()
        yield from (f"{prefix}_BIG_{end}",) if above or not below else ()
    elif check.code in SIDES:
        low, high = SIDES[check.code]
        numbers = isinstance(check.observed, int | float) and isinstance(check.threshold, int | float)
        yield low if numbers and check.observed < check.threshold else high  # type: ignore[operator]
    else:
        yield TYPES.get(check.code, "CUSTOM_VALIDATION")


def _measure(found: Any, report: Report, schema: Schema | None) -> None:
    """Distances that TFDV measures too, passed or not; its Jensen–Shannon divergence is the square of our distance."""
    by_subject: dict[str, Any] = {}
    for check in report.checks:
        room, _, distance = check.code.partition(".")
        if room not in ("drift", "skew") or distance not in _MEASURED:
            continue
        if not isinstance(check.observed, int | float) or not isinstance(check.threshold, int | float):
            continue
        if check.subject not in by_subject:
            by_subject[check.subject] = found.drift_skew_info.add()
            by_subject[check.subject].path.step.extend(_path(check.subject, schema))
        power = 2 if distance == "jensen_shannon" else 1
        target = getattr(by_subject[check.subject], f"{room}_measurements")
        target.add(
            type=_MEASURED[distance], value=math.pow(check.observed, power), threshold=math.pow(check.threshold, power)
        )
