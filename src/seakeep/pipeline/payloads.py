"""Payloads: a prediction log's requests and answers as another system takes them, by a sink of `integrations/_sinks`.

The command line and notebooks call `events`. The sink is loaded by its name, as an export's target is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.core import plugins
from seakeep.core.errors import UsageError
from seakeep.pipeline.predictions import predictions
from seakeep.pipeline.settings import load_settings
from seakeep.prediction_log.log import moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.prediction_log.log import Moment

GROUP = "integrations._sinks"
LINES = ".jsonl"


class BadTarget(UsageError):
    """Events cannot go where they were told to."""

    @classmethod
    def of(cls, target: str) -> BadTarget:
        return cls(
            f"{target!r} is no place for events",
            cause=f"Expected an address that begins with http:// or https://, or a file that ends in {LINES}.",
            fix=f"--cloudevents events{LINES}, or --cloudevents http://HOST:PORT/",
            target=target,
        )

    @classmethod
    def exists(cls, path: Path) -> BadTarget:
        return cls(
            f"{path} exists already",
            cause="It may hold what was written before.",
            fix="Name another file, or pass overwrite=True (--overwrite).",
            path=str(path),
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """name: the model's. target: where events went. events: how many, two a request."""

    name: str
    target: str
    events: int


def events(
    name: str,
    target: str | Path,
    *,
    since: Moment | None = None,
    until: Moment | None = None,
    releases: Sequence[str] = (),
    roles: Sequence[str] = (),
    service: str = "",
    namespace: str = "",
    overwrite: bool = False,
    home: Path | str | None = None,
) -> Sent:
    """Give requests and answers as CloudEvents of KServe's payload logger, to a file or an address.

    Parameters: target: a file of JSON Lines (.jsonl), or an address; that gets what it has not taken yet, at least once, in order; with
        `since`, everything from there on again. service, namespace: of the InferenceService that the events name, by default the
        model's name and the setting export.namespace. Others: as PredictionLog.scan; by default without shadows.
    Raises: BadTarget; BadSink, NotDelivered and Busy (integrations._sinks); what `predictions` raises; CannotWrite.
    """
    sink = plugins.load(GROUP, "cloudevents")
    is_address = str(target).startswith(("http://", "https://"))
    path = None if is_address else _checked(Path(target), overwrite=overwrite)
    log = predictions(name, home=home)
    log.convert(wait=False)
    origin = sink.Origin(service or name, namespace or load_settings(Path.cwd()).export.namespace)
    log.scan(since=since, until=until, roles=roles)  # raises for what is no time or role
    span = sink.Span(moment(since, "since"), moment(until, "until"), tuple(releases), tuple(roles))
    if path is None:
        count = sink.send(log, sink.Delivery(str(target)), origin, span)
    else:
        count = sink.write(log, path, origin, span)
    return Sent(name, str(target), count)


def _checked(path: Path, *, overwrite: bool) -> Path:
    if path.suffix != LINES:
        raise BadTarget.of(str(path))
    if path.exists() and not overwrite:
        raise BadTarget.exists(path)
    return path
