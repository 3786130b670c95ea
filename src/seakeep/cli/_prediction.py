"""How a traced prediction looks: who answered what, under which route and rollout, and which decisions led to that release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from seakeep.prediction_log import columns
from seakeep.views import figures

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from seakeep.core.codec import Json
    from seakeep.pipeline.tracing import Trace
    from seakeep.registry import Registry


def traced(registry: Registry, reference: str) -> Trace | None:
    """The prediction that a person means by `reference`, or None where no prediction is called so."""
    from seakeep.pipeline.tracing import trace

    return trace(registry, reference)


def plain(found: Trace) -> dict[str, Any]:
    """A trace as JSON values; the release by its label and digest."""
    lines = {name: getattr(found, name) for name in ("route", "rollout", "promoted", "trigger", "training")}
    return {
        "kind": "prediction",
        "id": found.id,
        "name": found.name,
        "release": {"label": found.release.label, "digest": found.release.release.digest},
        "rows": list(found.rows),
        **lines,
    }


def head(found: Trace) -> str:
    """Who answered and why that release did, a line each."""
    answer = found.answer
    lines = [
        f"prediction {figures.visible(found.id)} of {found.name}, {_time(answer[columns.TIME])} UTC",
        (
            f"answered by   {found.release.label} {found.release.release.digest[:12]} as {answer[columns.ROLE]}, "
            f"route revision {answer[columns.REVISION]}"
        ),
    ]
    return "\n".join([*lines, *(f"{name:<13} {words}" for name, words in _decisions(found))])


def rows(found: Trace) -> str:
    """Every logged row: its own columns, then the inputs."""
    parts = []
    for row in found.rows:
        own = {name: value for name, value in row.items() if columns.is_own(name) and value is not None}
        inputs = {name: value for name, value in row.items() if not columns.is_own(name)}
        width = max(map(len, (*own, *inputs)))
        cells = (
            f"  {figures.visible(name):<{width}}  {_cell(value)}" for name, value in (*own.items(), *inputs.items())
        )
        parts.append("\n".join(cells))
    return "\n\n".join(parts)


def _decisions(found: Trace) -> Iterator[tuple[str, str]]:
    if found.route:
        yield "route", _why(found.route)
    if found.rollout:
        content: Any = found.rollout["content"]
        told = content.get("decision") or {}
        yield (
            "rollout",
            f"{told.get('after', 'rollback')}: {told.get('why', content.get('rollback', ''))} ({_when(found.rollout)})",
        )
    if found.promoted:
        yield "in charge", _why(found.promoted)
    if found.trigger:
        yield "trained for", _why(found.trigger)
    if found.training:
        yield "training", _why(found.training)


def _why(line: Mapping[str, Json]) -> str:
    content: Any = line["content"]
    return f"{figures.visible(str(content.get('why', '')))} ({_when(line)})"


def _when(line: Mapping[str, Json]) -> str:
    from seakeep.pipeline.retraining.triggers import moment

    return moment(float(line["at"]))  # type: ignore[arg-type]


def _time(value: Json) -> str:
    """A time of the log, which is in UTC, without saying so again."""
    return str(value).replace("T", " ").removesuffix("+00:00")


def _cell(value: Json) -> str:
    if isinstance(value, bool):
        return columns.text(value)
    if isinstance(value, float):
        return f"{value:.6g}"
    return figures.ABSENT if value is None else figures.visible(str(value))
