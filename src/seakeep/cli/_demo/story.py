"""The demo's story: a model's whole life on real flights, from raw data to the release that replaces its successor.

Each act calls what a user would call and shows what came back. Nothing is arranged to succeed: where the first release is refused,
the story ends there with the checks that failed, and the exit code says so; what is stopped, let in, sent back or preferred
afterwards is decided by the contract, the monitor, the triggers and the rollouts, and told as they decided it.
"""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from seakeep.cli._demo import beginnings, releases, seasons
from seakeep.cli._demo.season import MODEL, Season
from seakeep.cli._demo.server import resident_bytes, serving
from seakeep.core import Model, Verdict
from seakeep.views import terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from seakeep.cli._demo.server import Running
    from seakeep.cli._demo.telling import Telling
    from seakeep.registry import Registered

PROJECT = Path(__file__).parent / "project"
FRESH = (".seakeep", "arrived", "flight-delay.schema.yaml")


def tell(telling: Telling) -> Verdict:
    """Tell the story to its end, or to the gate that refused the first release. Returns the verdict of the first run."""
    _lay_out(telling.folder)
    command = _command()
    with contextlib.chdir(telling.folder), undisturbed():
        months = beginnings.data(telling)
        seasons.arrive(telling, months[:6])
        result = beginnings.run(telling)
        if not result.release:
            telling.say(f"No release was made: {len(result.not_passed)} checks did not pass.")
            return result.verdict
        release = telling.release()
        model = Model.load(release.folder)
        beginnings.judgement(telling, release)
        beginnings.explanation(telling, model)
        with serving(MODEL, telling.folder) as server:
            beginnings.live(telling, server, model)
            _life(telling, server, Season(server, months[6:], [item.name for item in model.inputs]), months)
        beginnings.score(telling, release)
        seasons.lineage(telling)
        _end(telling, release, command)
    return result.verdict


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Without this shell's settings: the demo's releases do not belong into a registry that other work has."""
    from seakeep.pipeline.settings import keys, variable

    before = {name: os.environ.pop(name) for name in map(variable, keys()) if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(before)


def _life(telling: Telling, server: Running, season: Season, months: list[Path]) -> None:
    """From the first of July on: watched, retrained, and released step by step."""
    seasons.reviewed(telling)
    seasons.summer(telling, season)
    seasons.broken_feed(telling, *months[6:8])
    second = seasons.retrained(telling)
    if second:
        releases.followed(
            telling,
            season,
            title="Let in step by step",
            what=f"The rollout of {second} on September's traffic: seakeep rollout serve {MODEL}. Its loss is the Brier score: 0 is best",
        )
    third = releases.mistaken(telling)
    if third:
        releases.begun(telling, third, "canary")
        releases.followed(
            telling,
            season,
            title="Sent back",
            what=f"seakeep rollout start {MODEL}: {third} gets copies of production's requests",
        )
    releases.begun(telling, f"{MODEL}@1", "experiment")
    releases.followed(
        telling,
        season,
        title="An experiment",
        what=f"Is the champion better than {MODEL}@1? Half of the keys each: seakeep rollout start {MODEL} --plan experiment",
    )
    telling.figure(
        "serve",
        server.seconds,
        note=f"until its first answer; {resident_bytes(server.process) / (1 << 20):,.0f} MiB; "
        f"{season.flown.requests:,} requests, {season.flown.failed} failed",
    )


def _lay_out(folder: Path) -> None:
    """The project's files, and nothing left of an earlier telling but the tables of flights."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FRESH:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for file in sorted(PROJECT.glob("[a-z]*.*")):
        shutil.copyfile(file, folder / file.name)


def _command() -> str:
    """How this program was called, as it can be typed in any folder."""
    started = Path(sys.argv[0]).absolute()
    return str(started) if started.name == "seakeep" else "seakeep"


def _end(telling: Telling, release: Registered, command: str) -> None:
    champion = telling.release()
    telling.act(
        "The whole of it",
        f"It began with {release.label}; {champion.label}, digest {champion.release.digest[:12]}, answers now",
    )
    telling.console.print(terminal.stages(telling.rows))
    peaks = [row.peak_bytes or 0 for row in telling.rows]
    peak = max(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024, *peaks)
    telling.say(f"The demo's own process needed at most {peak / (1 << 20):,.0f} MiB.")
    width = max(len(act) for act, _ in telling.pages)
    telling.say("To open in a browser:\n" + "\n".join(f"  {act:<{width}}  {page}" for act, page in telling.pages))
    telling.say(f"All other reports are in {telling.home / 'reports'}")
    telling.say(f"Go on by hand: cd {telling.folder} && {command} serve {MODEL}")
