"""Fills the reference pages when the documentation is built, from the program itself, so that they cannot fall behind it.

A line `<!-- generated: metrics -->` in a page is replaced by what GENERATED["metrics"] returns. Nothing is written to disk.
The tests in tests/docs call the same functions.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from seakeep.core import plugins
from seakeep.core.kinds import Kind, Task
from seakeep.views import markdown as md

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MARK = re.compile(r"^<!-- generated: ([a-z_]+) -->$", re.MULTILINE)
CHECKS = (
    ("seakeep.data.validation.anomalies", "MEANINGS"),
    ("seakeep.data.quality.codes", "CODES"),
    ("seakeep.data.cleaning.counting", "CODES"),
    ("seakeep.evaluation.codes", "CODES"),
    ("seakeep.rollout.codes", "CODES"),
    ("seakeep.serving.checking.codes", "CODES"),
    ("seakeep.pipeline.ci.codes", "CODES"),
    ("seakeep.monitoring.codes", "CODES"),
    ("seakeep.pipeline.readiness.rubric", "CODES"),
)
OTHER_CHECKS = {
    "training.rows": "Always; it tells how many rows the estimator was fitted on, and how many had no label.",
    "training.warning": "Never; the library warned while it was fitted, and the check is inconclusive.",
    "baseline.better": "The model beats the best of its baselines, with the whole interval of the paired difference.",
    "parity.features": "The graph's features agree with their NumPy reference.",
    "parity.max_difference": "The graph and the estimator differ by at most 1e-5 (scaled) on every replayed row.",
    "parity.flips": "The graph and the estimator decide alike on every replayed row.",
    "parity.batch_invariance": "The answers to a row are the same to the bit in batches of any size.",
    "span.readable": "One span of a pipeline can be read and has rows.",
    "span.contract": "Never; it is inconclusive where a span is judged and the pipeline has no contract yet.",
    "registry.database": "SQLite finds the registry's database whole.",
    "registry.objects": "Every stored object has the content that its name says.",
    "registry.releases": "Every release's files are those of its manifest.",
    "inference_protocol.must": "A server keeps a sentence of the Open Inference Protocol that it must keep.",
    "inference_protocol.should": "Never; a sentence that a server should keep leaves the report inconclusive where it is broken.",
}
SETTINGS = {
    "home": "Folder of the registry. Empty: `.seakeep` beside the project, found by walking up.",
    "database": "Address of the registry's database, `postgresql://USER@HOST/DATABASE`. Empty: a file in `home`. No password in the file.",
    "objects": "Address of the registry's objects, `s3://BUCKET/PREFIX`, `gs://…`, `az://…`. Empty: files in `home`.",
    "engine": "Where tables are profiled, judged and scored: `local`, `local[N]`, `ray://HOST:PORT`, `spark://HOST:PORT` and others, see "
    "[Engines](../guides/engines.md).",
    "run.threads": "Threads of Polars and of estimators that ask; 0 for all cores. No answer depends on it.",
    "serve.http": "Address to listen on, `host:port`.",
    "serve.grpc": "Address to listen on for gRPC, `host:port`; empty for no gRPC. Needs `seakeep[grpc]`.",
    "serve.repository": "`change`: models are loaded and unloaded by request; `look`: they are only listed.",
    "serve.memory_mb": "MiB that the loaded models of a worker may take together; those not asked for the longest are loaded again when they "
    "are asked. 0 for any number.",
    "serve.trees": "What adds up a model's trees, to the same bits: `onnxruntime`; `compiled`, native code where many rows are asked for, "
    "which needs `seakeep[compiled]`; `auto`, as `compiled` where that is installed. See [Compiled trees](../guides/serve-trees.md).",
    "serve.workers": "Processes that answer, each with its own copy of the models.",
    "serve.missing": (
        "Whether a null is let in: `schema` where the column's `missing_at_most` is above 0, `reject` nowhere, "
        "`accept` everywhere; `mark` and `impute` let it in where the contract allows none, too, and the answer says so."
    ),
    "serve.domain": (
        "What happens to values outside of the contract (values, bounds, lengths, pattern, semantics): `accept` (counted and scored), "
        "`reject`, `mark` (scored, and the answer says what was wrong) or `impute` (what training had most of is scored instead)."
    ),
    "serve.rules": (
        "What happens to rows that break a rule of the contract: `accept` (counted and scored), `reject`, or `mark` (scored, and the "
        "answer says so)."
    ),
    "serve.log": (
        "When a prediction is on the disk: `interval` at most `log_seconds` after its answer, `acknowledged` before it, `sampled` some of a minute "
        "when it is over, `off` never."
    ),
    "serve.log_seconds": "Longest time until an answered row is on the disk, in seconds, 0.05 to 60.",
    "serve.log_sample_requests": "With `sampled`: requests that a worker keeps of each minute, release and role, 1 to 1,000,000.",
    "serve.log_sample_seconds": "With `sampled`: length of that minute, in seconds, 1 to 3600.",
    "serve.log_keep": "How long hours of predictions are kept, `90d`; empty for ever.",
    "serve.log_sinks": "Addresses that get what is logged: [folders, buckets, NATS, CloudEvents](../guides/predictions.md#where-it-goes).",
    "serve.redact": "Columns of which no value is logged.",
    "serve.hash": "Columns that are logged as keyed hashes; `@key` for requests' keys.",
    "serve.hash_key_file": "File with the key to hash with, at least 16 bytes.",
    "serve.dialects": "Contracts of clouds that are answered beside V2, see [Server](server.md#dialects). A cloud that runs the server "
    "switches its own on.",
    "serve.role": "As what a release that is served from its folder is logged: `champion` or `challenger`. Releases of a registry are "
    "logged as their route says.",
    "serve.version": "The registry's number of a release that is served from its folder; 0 where it is not known: the first 12 digits of "
    "its digest stand for it then.",
    "serve.max_body_mb": "Largest request, MiB; larger ones get 413.",
    "serve.max_rows": "Most rows of one request; more get 413.",
    "serve.latency_target_ms": "Time within which 99 of 100 answers shall be, in milliseconds, of those that are let in; what would wait "
    "for longer gets 429. 0: nothing is refused. See [Under load](../guides/serve-under-load.md).",
    "serve.concurrency": "Requests of one model that a worker has under way at once; more get 429. 0: any number.",
    "serve.drain_seconds": "Time that requests under way have when the server is told to stop.",
    "tls.certificate": "Certificate of the server and the control server in PEM, and those up to its authority. Empty: plain HTTP.",
    "tls.key": "Its key in PEM, without a password.",
    "tls.client_ca": "Authorities in PEM whose clients are let in; every client must bring a certificate then. Empty: none needs one.",
    "tls.least": "Oldest version of TLS that is spoken.",
    "access.tokens": "File of bearer tokens, as [`seakeep tokens`](cli.md#seakeep-tokens) writes it. Empty: nobody needs one.",
    "access.rate": "Requests a second that a token may make on one server, where it has no rate of its own; 0 for no limit.",
    "access.burst_seconds": "So much of a rate may come at once after a pause, and at least one request.",
    "check.start_seconds": "How long a release that is served for a trial has until it is ready.",
    "check.p99_ms": "What 99 of 100 of its single requests may take, in milliseconds.",
    "check.memory_mb": "What its workers may hold, MiB.",
    "telemetry.lines": "Lines of a server's log on standard error: `text` for people, `json` for machines.",
    "telemetry.access_log": "Whether each request has a line of JSON there.",
    "telemetry.request_ids": "Whether answers carry `x-request-id`, the client's or an own one. An access log and traces switch it on.",
    "telemetry.traces": "Address at which a collector takes OTLP over HTTP, `http://HOST:4318/v1/traces`. Empty: no traces.",
    "telemetry.trace_share": "Share of the requests without a `traceparent` that begin a trace; one with it is traced as its flag says.",
    "monitor.window": "Length of a window of production data. Empty: the one that the champion's pipeline declares, else an hour.",
    "monitor.by": "What cuts the windows: `asked`, when a request came, or an input column with times.",
    "monitor.grace": "How long after its end a window waits for late rows.",
    "monitor.margin": (
        "How much worse a metric may get: of metrics between 0 and 1 the difference, of others the share of its value at release."
    ),
    "monitor.calm": "So many passing windows close an incident.",
    "monitor.q": "Share of the drift alarms over a window's columns that may be false.",
    "retrain.on": "What may start a training: new `spans`, the `schedule`, `drift` and `decay` that the monitor found.",
    "retrain.every": "The schedule: a training whenever the latest one is older than this. Empty: none.",
    "retrain.cooldown": "Least time between the starts of two trainings, whatever came of the first.",
    "retrain.most_runs": "The budget: so many trainings may start within `retrain.per`.",
    "retrain.per": "The time that the budget is for.",
    "retrain.max_minutes": "A training that takes longer is stopped, and is on record as over budget.",
    "retrain.rollout": "What happens to a release that passed: its `canary` is started, or `none` and it waits.",
    "retrain.skip_bad_spans": (
        "Whether training goes on without a span that breaks the contract; otherwise it waits until the span is replaced."
    ),
    "rollout.plan": "How a release is let in: `canary`, `experiment` or `immediate`.",
    "rollout.shares": "Shares of the requests that the challenger gets, step by step.",
    "rollout.requests": "Fewest requests that the challenger must have had within a step.",
    "rollout.seconds": "Least time of a step.",
    "rollout.copies": "Fewest copies that a shadow must have answered before the canary begins; 0 for no shadow.",
    "rollout.shadow_seconds": "Least time of the shadow.",
    "rollout.margin": "How much higher the challenger's rate or loss may be before it counts as worse and is rolled back.",
    "rollout.tolerance": "A step ends when it is shown that rates are less than this above the champion's.",
    "rollout.goal_tolerance": "The same of the mean loss of labelled predictions.",
    "rollout.labelled": "Fewest requests of the challenger that have labels before its last step ends; 0 where labels come too late to wait for.",
    "rollout.alpha": "Probability of rolling back a release that is not worse, over the whole rollout.",
    "rollout.slow_ms": "A request is slow above so many milliseconds; 0 for the champion's own 99th percentile.",
    "rollout.look_seconds": "The window of one look.",
    "export.image": "Registry and name of the images that exported files name, without a tag. Empty: a target that runs one asks for it.",
    "export.namespace": "Namespace of Kubernetes that exported objects name.",
    "rollout.needs_check": "Whether a release must have passed a trial (`seakeep serve --check`), which is made when its rollout is started if it was not before. One that failed is refused in any case.",
    "rollout.settle_seconds": "How long after it was answered a request may need to be in the prediction log.",
}


def on_page_markdown(markdown: str, **_: Any) -> str:  # mkdocs passes a keyword `page`
    """Called by mkdocs for every page."""
    return expand(markdown)


def expand(page: str) -> str:
    """`page` with every mark replaced."""
    return MARK.sub(lambda found: GENERATED[found[1]](), page)


def distances() -> str:
    """Every distance: what it is, what it compares, its threshold, its source."""
    rows = []
    for name, module in _modules("evidence.distances"):
        kinds = ", ".join(sorted(kind.value for kind in Kind if kind in module.KINDS))
        rows.append(
            (code(name), _text(module), kinds, f"{module.THRESHOLD:g}", f"{module.FLOOR:g}", md.escaped(module.SOURCE))
        )
    return _table(("distance", "what it is", "compares", "fails above", "floor", "source"), rows)


def metrics() -> str:
    """Every metric: what it is, for which task, which way is better."""
    rows = []
    for name, module in _modules("evaluation.metrics"):
        tasks = ", ".join(task.value for task in Task if task in module.TASKS)
        better = {True: "greater", False: "smaller", None: "nearest to 0"}[module.GREATER_IS_BETTER]
        rows.append((code(name), _text(module), tasks, better))
    return _table(("metric", "what it is", "tasks", "better"), rows)


def operations() -> str:
    """Every feature operation: how it is written and what it does."""
    from seakeep.features import Feature

    rows = []
    for name, module in _modules("features.operations"):
        method = getattr(Feature, name, None)
        written = f".{name}{_signature(method)}" if method else f"{name}(*columns)"
        rows.append((code(written), _in_cell(_first(method)) if method else _text(module)))
    return _table(("written", "what it does"), rows)


def checks() -> str:
    """Every check code and what it says when it passes."""
    rows = [(code(name), md.escaped(meaning)) for name, meaning in check_codes().items()]
    return _table(("code", "passes when"), rows)


def check_codes() -> dict[str, str]:
    """Meanings by code, of every room."""
    found = dict(OTHER_CHECKS)
    for name, attribute in CHECKS:
        found.update(getattr(importlib.import_module(name), attribute))
    return dict(sorted(found.items()))


def settings() -> str:
    """Every setting: its key, type, default, environment variable and meaning."""
    from seakeep.pipeline.settings import Settings, keys, variable

    rows = []
    for key in keys():
        kind, default = _field(Settings, key)
        rows.append((code(key), _choices(kind), code(repr(default)), code(variable(key)), SETTINGS[key]))
    return _table(("setting", "value", "default", "environment variable", "meaning"), rows)


def commands() -> str:
    """Every command with its options, from the command line's own definition."""
    import click

    from seakeep.cli._main import seakeep

    context = click.Context(seakeep, info_name="seakeep")
    return "\n".join(part for path, command in _walk(seakeep, context) for part in _command(path, command))


def estimators() -> str:
    """The estimators that can be exported, by library."""
    rows = []
    for name, module in _modules("training.exporters"):
        extra = {"sklearn": "train"}.get(name, name)
        rows.append((code(name), ", ".join(code(one) for one in module.ESTIMATORS), code(f"seakeep[{extra}]")))
    return _table(("library", "estimators", "extra"), rows)


def refused() -> str:
    """The configurations that are refused before training."""
    from seakeep.training.refusals import REFUSALS

    rows = [(code(one.name), _in_cell(one.reason), md.escaped(one.fix)) for found in REFUSALS.values() for one in found]
    return _table(("configuration", "why", "instead"), rows)


def refusals() -> str:
    """The codes of a server's refusals."""
    from seakeep.serving.server.refusals import CODES

    return ", ".join(code(name) for name in CODES) + "."


def transitions() -> str:
    """Every transition of a rollout and when it happens."""
    from seakeep.rollout.codes import MOVES

    rows = [(code(before), code(after), md.escaped(when)) for (before, after), when in MOVES.items()]
    return _table(("phase", "next", "when"), rows)


def plans() -> str:
    """Every plan of a rollout with its own settings, then the rules that all share."""
    from seakeep.rollout.plan import Rules

    rows = []
    for name, module in _modules("rollout.plans"):
        own = [f"{code(field.name)} = {code(repr(field.default))}" for field in dataclasses.fields(module.Settings)]
        rows.append((code(name), _text(module), ", ".join(own)))
    shared = [(code(field.name), code(repr(field.default))) for field in dataclasses.fields(Rules)]
    return _table(("plan", "what it does", "own settings"), rows) + "\n" + _table(("rule", "default"), shared)


def reasons() -> str:
    """What a decision may rest on beside a check."""
    from seakeep.rollout.codes import REASONS

    return _table(("code", "meaning"), [(code(name), md.escaped(meaning)) for name, meaning in REASONS.items()])


def server_metrics() -> str:
    """The Prometheus metrics of a server."""
    from seakeep.serving.server.metrics import FAMILIES

    rows = [
        (
            code(family.name),
            "histogram" if family.bounds else "counter" if family.kind == "sum" else "gauge",
            ", ".join(family.labels),
            md.escaped(family.about),
        )
        for family in FAMILIES
    ]
    return _table(("metric", "type", "labels", "meaning"), rows)


def control_metrics() -> str:
    """The Prometheus metrics of the control server; all are gauges."""
    from seakeep.pipeline.control.metrics import FAMILIES

    rows = [(code(family.name), ", ".join(family.labels), md.escaped(family.about)) for family in FAMILIES]
    return _table(("metric", "labels", "meaning"), rows)


def alerts() -> str:
    """Every alert that is exported for Prometheus."""
    rows = [
        (code(each.name), each.severity, each.lasting, _in_cell(each.summary), code(each.runbook))
        for group in _rule_groups()
        for each in group.alerts
    ]
    return _table(("alert", "severity", "after", "says", "next"), list(dict.fromkeys(rows)))


def recordings() -> str:
    """Every series that the exported rules record."""
    found = [rule for group in _rule_groups() for rule in group.rules if not hasattr(rule, "severity")]
    rows = [(code(each.record), ", ".join(each.labels), _in_cell(code(each.expr))) for each in found]
    return _table(("series", "labels of its own", "expression"), rows)


def panels() -> str:
    """Every panel of the exported dashboards, with what it asks of Prometheus."""
    from seakeep.core.model import Input
    from seakeep.integrations import _grafana, _rules

    inputs = (Input("NUMBER", Kind.NUMBER), Input("TEXT", Kind.STRING))
    boards = (
        _grafana.service(_contract(), _rules.Objectives(), inputs),
        _grafana.quality(_contract(), ("METRIC",)),
        _grafana.rollout(_contract()),
    )
    rows = [
        (board.kind, md.escaped(panel.title), _in_cell(panel.about), "<br>".join(code(q.expr) for q in panel.queries))
        for board in boards
        for panel in board.panels()
    ]
    return _table(("dashboard", "panel", "shows", "asks"), rows)


def _rule_groups() -> list[Any]:
    """The rules of a model called NAME, with one column and one gate."""
    from seakeep.integrations import _rules

    return [*_rules.common_groups(), *_rules.groups(_contract(), _rules.Objectives(champion_days=90))]


def _contract() -> Any:
    from seakeep.integrations import _rules

    gate = _rules.Gate("METRIC", "least", 0.7)
    return _rules.Contract("NAME", missing={"COLUMN": 0.0}, outside={"COLUMN": 0.0}, gates=(gate,))


def targets() -> str:
    """Every target of `seakeep export`: what it writes, what it needs, its options."""
    from seakeep.pipeline.exports.targets import NO_TARGETS

    return "\n".join(_target(name) for name in plugins.names("integrations") if name not in NO_TARGETS)


def _target(name: str) -> str:
    module = plugins.load("integrations", name)
    kinds = get_type_hints(module.Options)
    rows = [
        (code(field.name), md.escaped(_choices(kinds[field.name])), code(repr(field.default)))
        for field in dataclasses.fields(module.Options)
    ]
    typed, told = name.replace("_", "-"), " ".join((inspect.getdoc(module.Options) or "").split())
    needs = {"either": "a project or a release"}.get(module.NEEDS, f"a {module.NEEDS}")
    head = f"## {typed}\n\n{_text(module)} From {needs}.\n\n{_in_cell(told)}\n"
    return f"{head}\n{_table(('option', 'value', 'default'), rows)}"


GENERATED: dict[str, Callable[[], str]] = {
    "distances": distances,
    "metrics": metrics,
    "operations": operations,
    "checks": checks,
    "settings": settings,
    "commands": commands,
    "estimators": estimators,
    "refused": refused,
    "refusals": refusals,
    "server_metrics": server_metrics,
    "control_metrics": control_metrics,
    "alerts": alerts,
    "recordings": recordings,
    "panels": panels,
    "transitions": transitions,
    "plans": plans,
    "reasons": reasons,
    "targets": targets,
}


def code(text: str) -> str:
    """`text` as code within a table's cell."""
    return md.code(text).replace("|", "\\|")


def _modules(group: str) -> Iterator[tuple[str, Any]]:
    return ((name, plugins.load(group, name)) for name in plugins.names(group))


def _walk(group: Any, context: Any) -> Iterator[tuple[Any, Any]]:
    import click

    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = click.Context(command, info_name=name, parent=context)
        if command.hidden:
            continue
        yield inner, command
        if isinstance(command, click.Group):
            yield from _walk(command, inner)


def _command(context: Any, command: Any) -> Iterator[str]:
    import click

    yield f"## {context.command_path}\n"
    yield f"{inspect.cleandoc(command.help or '').replace(chr(8), '').split(chr(12))[0]}\n"
    if isinstance(command, click.Group):
        return
    usage = " ".join(command.collect_usage_pieces(context))
    yield f"```text\n{context.command_path} {usage}\n```\n"
    records = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    rows = [(code(record[0]), md.escaped(record[1])) for record in records if record]
    yield _table(("option", "meaning"), rows) + "\n"


def _field(kind: Any, key: str) -> tuple[Any, Any]:
    """The type and default of a dotted setting."""
    first, _, rest = key.partition(".")
    hint = get_type_hints(kind)[first]
    if rest:
        return _field(hint, rest)
    return hint, next(field.default for field in dataclasses.fields(kind) if field.name == first)


def _choices(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"list of {_choices(get_args(kind)[0])}"
    if get_origin(kind) is Literal:
        return ", ".join(code(choice) for choice in get_args(kind))
    return {int: "whole number", float: "number", str: "text", bool: "`true` or `false`"}[kind]


def _signature(method: Callable[..., Any]) -> str:
    shown = [f"{p.name}={p.default!r}" if p.default is not p.empty else p.name for p in _parameters(method)]
    return f"({', '.join(shown)})"


def _parameters(method: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(method).parameters.values())[1:]


def _first(item: Any) -> str:
    return (inspect.getdoc(item) or "").partition("\n")[0]


def _text(module: Any) -> str:
    """The first paragraph of a module's docstring, without the name it may begin with and without who calls it."""
    text = " ".join((inspect.getdoc(module) or "").partition("\n\n")[0].split())
    name = module.__name__.rpartition(".")[2]
    text = re.sub(rf"^{name}: (.)", lambda found: found[1].upper(), text)
    return _in_cell(re.sub(r" ?Called by [\w.]+ by name\.", "", text))


def _in_cell(text: str) -> str:
    """A docstring is Markdown already; in a table it must not open HTML or end its cell."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"
