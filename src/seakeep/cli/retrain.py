"""Train again when there is reason to: new spans, a schedule, drift, decay; once, or as a service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._door import Door, Seconds, plain_object, verb
from seakeep.core.codec import to_plain

if TYPE_CHECKING:
    from seakeep.core.errors import SeakeepError
    from seakeep.pipeline.retraining import Look


@verb
@click.argument("file", type=click.Path())
@click.option("--name", metavar="NAME", help="Which pipeline, where the file has several.")
@click.option("--once", is_flag=True, help="Look once, act, and end.")
@click.option("--every", type=Seconds(0.1), default=60.0, show_default=True, metavar="SECONDS",
              help="Time between two looks of the service.")  # fmt: skip
@click.option("--now", is_flag=True, help="Train now, whatever the cool-down and the budget say; looks once.")
def command(door: Door, *, file: str, name: str | None, once: bool, every: float, now: bool) -> int:
    """Look whether the pipeline in FILE is to be trained again, say why or why not, and do it.

    What asks for a training, the cool-down and the budget are the settings [retrain]. Without --once or --now it goes on until
    SIGTERM or Ctrl-C, and --json writes a line a look. Exit codes of one look: 0 nothing to do, or a training that came to a
    release; 1 a check failed, or a span breaks the contract; 2 the release is inconclusive; 3 the training broke or took too
    long.

    Example: seakeep retrain pipeline.py --once
    """
    from seakeep.pipeline import retraining

    def training(why: str) -> None:
        click.echo(f"training: {why}", err=True)

    if once or now:
        look = retraining.retrain(file, home=door.home, name=name, asked=now, training=training)
        door.show(_plain(look), lambda: _words(look))
        return look.exit_code

    def troubled(error: SeakeepError) -> None:
        click.echo(f"{type(error).__name__}: {error}", err=True)

    def told(look: Look) -> None:
        click.echo(json.dumps(to_plain(_plain(look)), allow_nan=False) if door.as_json else _words(look))

    retraining.serve(file, every=every, home=door.home, name=name, told=told, troubled=troubled, training=training)
    return 0


def _plain(look: Look) -> dict[str, Any]:
    return {**plain_object(look), "exit_code": look.exit_code}


def _words(look: Look) -> str:
    """A look in lines: the decision, what came of it, what follows."""
    from seakeep.pipeline.retraining.triggers import moment
    from seakeep.views import figures

    lines = [f"{moment(look.at)}  {look.name}  {look.decision.code}  {figures.visible(look.decision.why)}"]
    if look.outcome is not None:
        took = figures.seconds(look.outcome.seconds)
        lines.append(f"  {look.outcome.result} after {took}: {figures.visible(look.outcome.why)}")
    if look.rollout:
        lines += [f"  the rollout of {look.rollout} has begun", f"  next: seakeep rollout serve {look.name}"]
    return "\n".join(lines)
