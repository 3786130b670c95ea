"""Boards become Grafana's JSON, by the types of grafana-foundation-sdk: what it does not know cannot be written.

Identifiers are made from the model's name, so that a board keeps its address and its links when it is exported again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.builders import heatmap, prometheus, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from seakeep.pipeline.control.metrics.families import VERDICTS

if TYPE_CHECKING:
    from seakeep.integrations._grafana.panels import Board, Panel, Query

SOURCE = dashboard.DataSourceRef(type_val="prometheus", uid="${datasource}")
_COLOURS = {"pass": "green", "inconclusive": "yellow", "fail": "red"}
_HEIGHTS = {"number": 4}
_SINCE = {"service": "now-6h", "quality": "now-7d", "rollout": "now-24h"}


def uid(kind: str, model: str) -> str:
    """A board's identifier: at most 40 characters, as Grafana has it.

    >>> uid("service", "flight-delay")
    'seakeep-service-de85b53e2e66'
    """
    return f"seakeep-{kind}-{hashlib.sha256(model.encode()).hexdigest()[:12]}"


def text(board: Board, *, refresh: str) -> str:
    """A board as JSON that Grafana takes."""
    encoded: str = JSONEncoder(sort_keys=True, indent=1, ensure_ascii=False).encode(build(board, refresh=refresh))
    return encoded + "\n"


def build(board: Board, *, refresh: str) -> dashboard.Dashboard:
    """A board in the types of Grafana."""
    made = (
        builders.Dashboard(board.title)
        .uid(uid(board.kind, board.model))
        .description(board.about)
        .tags(["seakeep", board.model])
        .editable()
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .refresh(refresh)
        .time(_SINCE[board.kind], "now")
        .timezone("utc")
        .with_variable(_datasource())
    )
    if board.versions:
        made.with_variable(_versions(board.model))
    made.link(_siblings(board.model))
    number = 0
    for row in board.rows:
        number += 1
        made.with_row(builders.Row(row.title).id(number))
        for panel in row.panels:
            number += 1
            made.with_panel(_panel(panel).id(number))
    return made.build()


def lost(text: str) -> list[str]:
    """Paths of what a dashboard's JSON holds and Grafana's types do not: misspelt or unknown fields. Raises on wrong types."""
    register_default_plugins()  # otherwise queries and panels' own options are taken as they are
    given = json.loads(text)
    read = json.loads(JSONEncoder().encode(dashboard.Dashboard.from_json(json.loads(text))))
    return list(_lost(given, read, ""))


def _lost(given: Any, read: Any, path: str) -> list[str]:
    if isinstance(given, dict) and isinstance(read, dict):
        gone = [f"{path}.{key}" for key, value in given.items() if key not in read and value not in (None, [], {})]
        inner = [_lost(value, read[key], f"{path}.{key}") for key, value in given.items() if key in read]
        return gone + [each for found in inner for each in found]
    if isinstance(given, list) and isinstance(read, list):
        pairs = enumerate(zip(given, read, strict=True))
        return [each for number, pair in pairs for each in _lost(*pair, f"{path}[{number}]")]
    return []


def _datasource() -> builders.DatasourceVariable:
    provisioned = dashboard.VariableOption(text="Seakeep", value="seakeep", selected=True)
    return builders.DatasourceVariable("datasource").label("Prometheus").type("prometheus").current(provisioned)


def _versions(model: str) -> builders.QueryVariable:
    everything = dashboard.VariableOption(text="All", value="$__all", selected=True)
    return (
        builders.QueryVariable("version")
        .label("Release")
        .datasource(SOURCE)
        .query(f'label_values(seakeep_model{{model="{model}"}}, version)')
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.NUMERICAL_DESC)
        .multi(multi=True)
        .include_all(include_all=True)
        .all_value(".*")
        .current(everything)
    )


def _siblings(model: str) -> builders.DashboardLink:
    """The other boards of the same model."""
    return (
        builders.DashboardLink(model)
        .type(dashboard.DashboardLinkType.DASHBOARDS)
        .icon("dashboard")
        .tags(["seakeep", model])
        .keep_time(keep_time=True)
        .include_vars(include_vars=True)
    )


def _panel(panel: Panel) -> Any:
    made = _KINDS[panel.kind](panel)
    made.title(panel.title).description(panel.about).datasource(SOURCE).unit(panel.unit)
    made.span(panel.span).height(_HEIGHTS.get(panel.kind, 8)).thresholds(_thresholds(panel)).mappings(_mappings(panel))
    for number, query in enumerate(panel.queries):
        made.with_target(_target(query, panel, chr(ord("A") + number)))
    return made


def _lines(panel: Panel) -> Any:
    made = timeseries.Panel().fill_opacity(8).line_width(1).show_points(common.VisibilityMode.NEVER)
    made.legend(
        common_builders.VizLegendOptions().show_legend(show_legend=True).placement(common.LegendPlacement.BOTTOM)
    )
    made.tooltip(common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI))
    if panel.bad is not None or panel.warn is not None:
        style = common_builders.GraphThresholdsStyleConfig().mode(common.GraphTresholdsStyleMode.DASHED)
        made.thresholds_style(style)
    if panel.least is not None:
        made.min(panel.least)
    if panel.most is not None:
        made.max(panel.most)
    for number, query in enumerate(panel.queries):
        if query.dashed:
            dashed = dashboard.DynamicConfigValue("custom.lineStyle", {"fill": "dash", "dash": [6, 6]})
            made.override_by_query(chr(ord("A") + number), [dashed])
    return made


def _number(_: Panel) -> Any:
    made = stat.Panel().color_mode(common.BigValueColorMode.BACKGROUND).graph_mode(common.BigValueGraphMode.AREA)
    return made.reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))


def _table(_: Panel) -> Any:
    hidden = {"Time": True, "model": True}
    tidy = dashboard.DataTransformerConfig(id_val="organize", options={"excludeByName": hidden})
    return table.Panel().show_header(show_header=True).with_transformation(tidy)


def _states(_: Panel) -> Any:
    return statetimeline.Panel().merge_values(merge_values=True).show_value(common.VisibilityMode.AUTO).fill_opacity(70)


def _heat(_: Panel) -> Any:
    return heatmap.Panel().calculate(calculate=False).y_axis(heatmap.YAxisConfig().unit("s"))


_KINDS = {"lines": _lines, "number": _number, "table": _table, "states": _states, "heat": _heat}


def _target(query: Query, panel: Panel, letter: str) -> prometheus.Dataquery:
    made = prometheus.Dataquery().expr(query.expr).ref_id(letter).datasource(SOURCE)
    if query.legend:
        made.legend_format(query.legend)
    if panel.kind == "table":
        return made.instant().format(PromQueryFormat.TABLE)
    if panel.kind == "heat":
        made.format(PromQueryFormat.HEATMAP)
    return made.range()


def _thresholds(panel: Panel) -> builders.ThresholdsConfig:
    steps = [dashboard.Threshold(value=None, color="red" if panel.low_is_bad and panel.bad is not None else "green")]
    if panel.low_is_bad and panel.bad is not None:
        steps.append(dashboard.Threshold(value=panel.bad, color="green"))
    else:
        steps += [
            dashboard.Threshold(value=value, color=colour)
            for value, colour in ((panel.warn, "yellow"), (panel.bad, "red"))
            if value is not None
        ]
    return builders.ThresholdsConfig().mode(dashboard.ThresholdsMode.ABSOLUTE).steps(steps)


def _mappings(panel: Panel) -> list[Any]:
    """Numbers in words."""
    if panel.words == "verdict":
        return [_words({str(number): (word, _COLOURS[word]) for word, number in VERDICTS.items()})]
    if panel.words == "yes":
        return [_words({"1": ("yes", "green"), "0": ("no", "red")})]
    if panel.words == "phase":
        return [_words({"1": ("here", "blue")})]
    return []


def _words(told: dict[str, tuple[str, str]]) -> dashboard.ValueMap:
    return dashboard.ValueMap(
        options={
            value: dashboard.ValueMappingResult(text=word, color=colour, index=number)
            for number, (value, (word, colour)) in enumerate(told.items())
        }
    )
