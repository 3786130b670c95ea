"""Run a pipeline: its data become a judged release; stages that are on record are not done again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from seakeep.cli._door import Door, pair, plain_object, verb
from seakeep.cli._tables import engine_option

if TYPE_CHECKING:
    from seakeep.core.report import Verdict


@verb
@click.argument("file", type=click.Path())
@click.option("--stage", metavar="NAME", help="Do this stage only; its inputs must be on record.")
@click.option("--name", metavar="NAME", help="Which pipeline, where the file has several.")
@click.option(
    "--span", metavar="NAME", help="The newest span to use, where the pipeline has spans (default: all that came)."
)
@click.option("--without", metavar="NAME", multiple=True, help="Leave this span out; may be given several times.")
@click.option("--no-cache", is_flag=True, help="Do every stage, although it is on record.")
@click.option(
    "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change a parameter of the estimator for this run."
)
@click.option(
    "--metric", "metrics", multiple=True, metavar="NAME", help="Write NAME=VALUE of the evaluation at the end."
)
@engine_option
@click.option("--threads", type=click.IntRange(min=1), help="Threads of the libraries (default: all cores).")
def command(
    door: Door,
    *,
    file: str,
    stage: str | None,
    name: str | None,
    span: str | None,
    without: tuple[str, ...],
    no_cache: bool,
    overrides: tuple[str, ...],
    metrics: tuple[str, ...],
    engine: str | None,
    threads: int | None,
) -> Verdict:
    """Run the pipeline in FILE from its data to a release.

    A stage that fails its checks ends the run (exit code 1). An inconclusive one does not: the release is made, but does
    not become the champion (exit code 2). The first release that passes becomes the champion at once; a later one waits
    for `seakeep rollout start`.

    With --set, a tuner tries parameters without editing the project: the change is part of the training stage's key and of the
    release's origins.

    Example: seakeep run pipeline.py --set estimator.num_leaves=63 --metric roc_auc
    """
    from seakeep.cli._progress import Lines, Quiet, ending
    from seakeep.pipeline.runner import run

    observer = Quiet() if door.as_json else Lines()
    with observer:
        result = run(
            file,
            home=door.home,
            name=name,
            stage=stage,
            cache=not no_cache,
            observer=observer,
            flags={"run.threads": threads, "engine": engine},
            span=span,
            without=without,
            overrides=dict(pair(text) for text in overrides),
            metrics=metrics,
        )
    verdict = result.verdict
    plain = {"verdict": verdict, "exit_code": verdict.exit_code, **plain_object(result)}
    door.show(plain, lambda: ending(result))
    return verdict
