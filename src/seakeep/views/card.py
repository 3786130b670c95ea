"""The model card: what a model is, what it is fit for and how to ask it, in Markdown, computed from evidence alone.

After Mitchell et al. 2019 ("Model Cards for Model Reporting"). A section without evidence says so instead of guessing, and
nothing in it depends on the time, the place or the machine: equal models and reports give equal cards, which is why a card
can be part of a release's digest.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from seakeep.core.kinds import Kind, Task
from seakeep.core.report import Verdict
from seakeep.views import figures
from seakeep.views.markdown import code, escaped, grid, table
from seakeep.views.pages.report import WORDS
from seakeep.views.pages.schema import values
from seakeep.views.pictures import is_whole
from seakeep.views.sentences import sentence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from seakeep.core.codec import Json, Scalar
    from seakeep.core.model import Model
    from seakeep.core.report import Check, Report, Table

_TASKS = {
    Task.BINARY: "which of two classes a row belongs to",
    Task.MULTICLASS: "which of several classes a row belongs to",
    Task.REGRESSION: "a number for each row",
}
_OTHERS = {"baselines": "Beside simpler models", "fairness": "Between groups", "importance": "What it relies on"}
_ROWS, _SLICES, _METRICS = 20, 40, 4
_DIGEST = 12


def card(model: Model, reports: Sequence[Report] = ()) -> str:
    """The card of `model`, judged by `reports` (training, evaluation, validation, drift; any order, any number).

    Returns: Markdown that ends with a newline.
    """
    sections = (
        _head(model, reports),
        _data(model),
        _features(model),
        _measured(reports),
        _judged(model, reports),
        _limits(model, reports),
        _asking(model, reports),
    )
    return "\n".join(section.rstrip("\n") + "\n" for section in sections)


def _head(model: Model, reports: Sequence[Report]) -> str:
    worst = Verdict.worst(tuple(report.verdict for report in reports))
    verdict = WORDS[worst].lower() if reports else "not judged yet"
    facts: list[tuple[Scalar, ...]] = [
        ("predicts", _predicts(model)),
        ("estimator", model.estimator or "not recorded"),
        ("learned from", figures.counted(model.statistics.rows, "row")),
        (
            "reads",
            f"{figures.counted(len(model.inputs), 'raw column')}, {figures.counted(len(model.features), 'feature')}",
        ),
        ("graph", f"ONNX, {figures.size(len(model.graph))}"),
        ("verdict", verdict),
        ("digest", model.digest[:_DIGEST]),
    ]
    return f"# {escaped(model.name)}\n\n{grid(('', ''), facts)}"


def _predicts(model: Model) -> str:
    label = f"{model.schema.label}: " if model.schema.label else ""
    classes = ", ".join(figures.scalar(value) for value in model.classes[:_ROWS])
    more = ", …" if len(model.classes) > _ROWS else ""
    return f"{label}{_TASKS[model.task]}" + (f" ({classes}{more})" if classes else "")


def _data(model: Model) -> str:
    schema, statistics = model.schema, model.statistics
    lines = [
        f"## Data\n\nLearned from {figures.counted(statistics.rows, 'row')}, held to the contract {code(schema.name)}."
    ]
    if schema.time in statistics.columns and statistics[str(schema.time)].minimum is not None:
        column = statistics[str(schema.time)]
        between = f"{figures.rough(column, column.minimum)} to {figures.rough(column, column.maximum)}"
        lines.append(f"{code(str(schema.time))} runs from {between}.")
    balance = _balance(model)
    if balance:
        lines.append(balance)
    after = [
        code(name) for name, column in schema.columns.items() if column.available == "after" and name != schema.label
    ]
    if after:
        lines.append(f"Known only after the prediction is asked for, and so not read: {', '.join(after)}.")
    return " ".join(lines) + "\n"


def _balance(model: Model) -> str:
    label = model.schema.label
    if label not in model.statistics.columns or model.task is Task.REGRESSION:
        return ""
    column = model.statistics[str(label)]
    counted = list(zip(column.top.values, column.top.counts, strict=True))[:_ROWS]
    listed = ", ".join(f"{escaped(figures.scalar(v))} {figures.share(n / column.finite)}" for v, n in counted)
    return f"Of the rows with a label ({code(str(label))}): {listed}." if listed else ""


def _features(model: Model) -> str:
    rows: list[tuple[Scalar, ...]] = []
    for item in model.inputs:
        used = [name for name in model.features if item.name in model.sources.get(name, ())]
        missing = model.statistics.columns.get(item.name)
        rate = figures.share(missing.missing_rate) if missing is not None else figures.ABSENT
        contract = values(model.schema.columns[item.name]) if item.name in model.schema.columns else "any"
        rows.append((item.name, item.kind.value, rate, contract, len(used)))
    heading = "## Features\n\nEvery raw column that the model reads. Nothing else in a request has an influence.\n\n"
    return heading + grid(("column", "kind", "missing in training", "values", "features made of it"), rows)


def _measured(reports: Sequence[Report]) -> str:
    parts = ["## How good it is\n"]
    asked = [check.subject.partition("[")[0] for report in reports for check in report.checks]
    for found in _tables(reports, "metrics"):
        parts += (
            _metrics(found, asked) if {"slice", "metric", "value"} <= set(found.columns) else [table(found, rows=_ROWS)]
        )
    for name, heading in _OTHERS.items():
        parts += [f"### {heading}\n\n{table(found, rows=_ROWS)}" for found in _tables(reports, name)]
    if len(parts) == 1:
        parts.append("No evaluation has been recorded with this model.\n")
    return "\n".join(parts)


def _metrics(found: Table, asked: Sequence[str]) -> list[str]:
    """All rows first, a metric a line; then a line a slice, with the metrics that a check asks for before others."""
    whole = [row for row, record in zip(found.rows, found.records(), strict=True) if is_whole(record["slice"])]
    parts = [grid(found.columns, whole), *([f"{escaped(found.note)}\n"] if found.note else [])]
    slices = dict.fromkeys(record["slice"] for record in found.records() if not is_whole(record["slice"]))
    if slices:
        names = sorted(
            dict.fromkeys(record["metric"] for record in found.records()), key=lambda name: name not in asked
        )
        columns = names[:_METRICS]
        cells = {(record["slice"], record["metric"]): record for record in found.records()}
        rows = [(name, *(_cell(cells.get((name, metric), {})) for metric in columns)) for name in [*slices][:_SLICES]]
        more = (
            f"\n{figures.number(len(slices) - _SLICES)} more slices in the report.\n" if len(slices) > _SLICES else ""
        )
        parts.append(f"### By slice\n\n{grid(('slice', *map(figures.scalar, columns)), rows)}{more}")
    return parts


def _cell(record: Mapping[str, Scalar]) -> str:
    if record.get("value") is None:
        return figures.ABSENT
    low, high = record.get("low"), record.get("high")
    between = "" if low is None or high is None else f" ({figures.short(low)} to {figures.short(high)})"
    return f"{figures.short(record['value'])}{between}"


def _judged(model: Model, reports: Sequence[Report]) -> str:
    if not reports:
        return "## How it was judged\n\nIt has not been judged.\n"
    parts = ["## How it was judged\n"]
    for report in reports:
        title = escaped(report.title or report.kind)
        of = "" if report.subject in ("", model.name) else f" ({escaped(report.subject)})"
        parts.append(f"- **{title}**{of}: {report.verdict.value}. {escaped(sentence(report))}")
        parts += [f"    - {_said(check)}" for check in report.checks if check.verdict is not Verdict.PASS]
    parity = [check for report in reports for check in report.checks if check.code.startswith("parity.")]
    if parity:
        parts.append("\nThe graph that answers was compared with the estimator that learned:\n")
        parts += [f"- {_said(check)}" for check in parity]
    return "\n".join(parts) + "\n"


def _said(check: Check) -> str:
    return f"{code(check.code)} {escaped(check.subject)}: {check.verdict.value}. {escaped(check.message)}"


def _limits(model: Model, reports: Sequence[Report]) -> str:
    lines = ["- What it is meant for, and for whom, has not been written down. It is not known to the program."]
    if not _tables(reports, "metrics"):
        lines.append("- How good it is has not been measured.")
    if not _tables(reports, "fairness"):
        lines.append("- Whether it treats groups alike has not been measured.")
    weak = [check for report in reports for check in report.checks if check.verdict is not Verdict.PASS]
    if weak:
        lines.append(f"- {figures.counted(len(weak), 'check')} did not pass; see above.")
    bounded = [item for item in model.inputs if _seen(model, item.name)]
    if bounded:
        seen = "\n".join(f"    - {code(item.name)}: {escaped(_seen(model, item.name))}" for item in bounded)
        lines.append(f"- It has learned from these ranges only, and its answers beyond them are guesses:\n{seen}")
    return "## Limits\n\n" + "\n".join(lines) + "\n"


def _seen(model: Model, name: str) -> str:
    column = model.statistics.columns.get(name)
    if column is None or column.minimum is None or column.maximum is None:
        return ""
    return f"{figures.of_kind(column.kind, column.minimum)} to {figures.of_kind(column.kind, column.maximum)}"


def _asking(model: Model, reports: Sequence[Report]) -> str:
    row: dict[str, Json] = {item.name: _example(model, item.name, item.kind) for item in model.inputs}
    body = json.dumps({"rows": [row]}, ensure_ascii=True)
    # A quote cannot end the shell's string, whatever a column is called.
    quoted = body.replace("'", "\\u0027")
    address = f"http://127.0.0.1:8080/v2/models/{_in_address(model.name)}/infer"
    fence = _fence(quoted)
    return (
        f"## How to ask it\n\n{_who_answers(model, reports)} The values are typical of the data it learned from.\n\n"
        f"{fence}bash\n{_serving(model, reports)}\n"
        f"curl -s {address} -H 'Content-Type: application/json' -d '{quoted}'\n{fence}\n"
    )


def _may_be_champion(reports: Sequence[Report]) -> bool:
    return Verdict.worst(tuple(report.verdict for report in reports)) is Verdict.PASS


def _who_answers(model: Model, reports: Sequence[Report]) -> str:
    """What its name stands for: a card does not know its version, nor whether it is in charge by now."""
    if _may_be_champion(reports):
        return (
            f"The name {code(model.name)} stands for its champion: the first release that passed, until a rollout puts "
            "another in its place. A release that waits is served by its version."
        )
    return (
        f"This model has not passed every check, so the name {code(model.name)} does not stand for it: it is served by "
        "its version, which the first line lists."
    )


def _serving(model: Model, reports: Sequence[Report]) -> str:
    name = _in_shell(model.name)
    return (
        f"seakeep serve {name}"
        if _may_be_champion(reports)
        else f"seakeep releases {name}\nseakeep serve {name}@VERSION"
    )


def _example(model: Model, name: str, kind: Kind) -> Json:
    column = model.statistics.columns.get(name)
    if column is None or not column.finite:
        return None
    if kind is Kind.TIMESTAMP:
        middle = column.quantile(0.5)
        return figures.timestamp(None if middle is None else round(middle / 1e6) * 1e6).replace(" ", "T")
    if kind.is_numeric:
        middle = column.quantile(0.5)
        return round(middle) if kind is Kind.INTEGER and middle is not None else middle
    return column.top.values[0] if column.top.values else None


def _tables(reports: Sequence[Report], name: str) -> list[Table]:
    return [found for report in reports for found in report.tables if found.name == name and found.rows]


def _in_shell(name: str) -> str:
    import shlex

    return shlex.quote(figures.visible(name))


def _in_address(name: str) -> str:
    from urllib.parse import quote

    return quote(name, safe="", errors="replace")


def _fence(content: str) -> str:
    import re

    return "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", content)), default=0))
