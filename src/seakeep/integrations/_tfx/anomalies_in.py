"""TFMD's Anomalies as a report of ours.

Called by integrations.tfx. TFDV writes nothing for what is right, so a file without anomalies is a pass only where it names the schema that
was judged by and there were rows; otherwise nothing is known and the report is inconclusive, as an empty one is.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from seakeep.core.report import Check, Report, Verdict
from seakeep.integrations._tfx.anomalies_out import TABLE
from seakeep.integrations._tfx.anomaly_types import CODES, GAPS
from seakeep.integrations._tfx.carried import Lost

if TYPE_CHECKING:
    from collections.abc import Iterator

NO_ANOMALY = "tfx.no_anomaly"
_OURS = re.compile(r"\s*\[([a-z]+\.[a-z0-9_]+)\]$")
_MEASURES = {1: "l_infinity", 2: "jensen_shannon", 3: "normalised_absolute_difference"}
_FIX = "Look at the column in TFDV's own table (tfdv.display_anomalies), or judge the rows here: seakeep validate DATA --schema FILE."


def anomalies_in(message: Any, *, subject: str = "") -> tuple[Report, tuple[Lost, ...]]:
    """The report of these anomalies, and what it does not hold. subject: what the table is called."""
    found = list(_checks(message))
    told = {(check.code, check.subject) for check in found}
    checks = [*found, *(check for check in _measured(message) if (check.code, check.subject) not in told)]
    lost: list[Lost] = []
    if message.HasField("baseline") or message.HasField("baseline_v1"):
        lost.append(
            Lost(
                "report",
                "the baseline schema",
                "A report names its contract; read it with: seakeep tfx schema.",
                "notimpl",
            )
        )
    regions = sum(len(info.diff_regions) for info in message.anomaly_info.values())
    if regions:
        lost.append(
            Lost("report", f"{regions} regions of a diff", "A changed contract is compared by: seakeep schema diff.")
        )
    for info in message.anomaly_info.values():
        for reason in info.reason:
            name = _name(reason)
            if name in GAPS and not _OURS.search(reason.description):
                gap, why = GAPS[name]
                lost.append(Lost(".".join(info.path.step) or TABLE, name, f"No check here says the same. {why}", gap))
    return Report("validation", "Anomalies that TFDV found", subject or "table", tuple(checks)), tuple(
        dict.fromkeys(lost)
    )


def _checks(message: Any) -> Iterator[Check]:
    if message.data_missing:
        text = "TFDV was given no examples."
        yield Check("schema.rows", TABLE, Verdict.FAIL, text, 0, 1, "Look for the span or the split that is empty.")
    if message.HasField("dataset_anomaly_info"):
        yield from _of(message.dataset_anomaly_info, TABLE)
    for key in sorted(message.anomaly_info):
        info = message.anomaly_info[key]
        yield from _of(info, ".".join(info.path.step) or key)
    failed = bool(message.anomaly_info) or message.HasField("dataset_anomaly_info")
    judged = message.HasField("baseline") or message.HasField("baseline_v1")
    if judged and not failed and not message.data_missing:
        features = len((message.baseline if message.HasField("baseline") else message.baseline_v1).feature)
        yield Check(NO_ANOMALY, TABLE, Verdict.PASS, f"TFDV found no anomaly against a schema of {features} features.")


def _of(info: Any, subject: str) -> Iterator[Check]:
    """One check a code; the types that it was found as are its evidence."""
    error = info.severity == type(info).ERROR
    found: dict[str, tuple[str, list[str]]] = {}
    for reason in info.reason:
        text = reason.description or reason.short_description or _name(reason)
        ours = _OURS.search(text)
        code = ours.group(1) if ours else _code(reason)
        told, names = found.setdefault(code, (_OURS.sub("", text), []))
        names.append(_name(reason))
    if not found:
        found["tfx.unknown_type"] = (info.description or info.short_description or "An anomaly without a reason.", [])
    for code, (told, names) in found.items():
        verdict = Verdict.FAIL if error else Verdict.INCONCLUSIVE
        yield Check(code, subject, verdict, told, fix=_FIX, evidence={"tfdv": list(names)})


def _code(reason: Any) -> str:
    name = _name(reason)
    code = CODES.get(name, f"tfx.{name.lower()}")
    with_serving = "serving" in (reason.short_description + reason.description).lower()
    return code.replace("drift.", "skew.") if with_serving and code.startswith("drift.") else code


def _name(reason: Any) -> str:
    enum = type(reason).DESCRIPTOR.fields_by_name["type"].enum_type
    known = enum.values_by_number.get(reason.type)
    return known.name if known else "UNKNOWN_TYPE"


def _measured(message: Any) -> Iterator[Check]:
    """Distances that TFDV measured and that stayed within their thresholds."""
    for info in message.drift_skew_info:
        for room in ("drift", "skew"):
            for each in getattr(info, f"{room}_measurements"):
                distance = _MEASURES.get(each.type)
                if distance is None or each.value > each.threshold:
                    continue
                root = distance == "jensen_shannon"
                value, most = (math.sqrt(max(0.0, x)) if root else x for x in (each.value, each.threshold))
                subject = ".".join(info.path.step)
                text = f"Column {subject!r}: {distance} is {value:.4g}, at most {most:g}, as TFDV measured it."
                yield Check(f"{room}.{distance}", subject, Verdict.PASS, text, value, most)
