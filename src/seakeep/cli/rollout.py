"""Let a release in step by step, on evidence: start, status, advance, abort, rollback, serve."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._door import Door, Seconds, pair, plain_object, verb
from seakeep.cli._help import NAMES, Group
from seakeep.cli._pages import page_option, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from seakeep.core.report import Verdict
    from seakeep.pipeline.rollouts.record import Status


@click.group(cls=Group, context_settings={"help_option_names": NAMES})
def command() -> None:
    """Let a release in step by step, on evidence, or send it back.

    Exit codes: 0 let in, 1 sent back, 2 under way or undecided.

    Example: seakeep rollout start trips
    """


@verb
@click.argument("name")
@click.option("--release", metavar="RELEASE", help="The release to let in (default: the newest of NAME).")
@click.option("--plan", metavar="PLAN", help="canary, experiment or immediate (default: rollout.plan).")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="A setting of the plan.")
@click.option("--force", metavar="REASON", help="Let in a release that did not pass its checks, on record.")
def start(
    door: Door,
    *,
    name: str,
    release: str | None,
    plan: str | None,
    settings: tuple[str, ...],
    force: str | None,
) -> Verdict:
    """Begin a rollout of the newest release of NAME beside its champion.

    Example: seakeep rollout start trips --release trips@3 --set shares=0.1,0.5 --set requests=1000
    """
    from seakeep.pipeline import rollouts

    given = dict(map(pair, settings))
    return _shown(door, rollouts.start(name, release=release, plan=plan, settings=given, force=force, home=door.home))


@verb
@click.argument("name")
@page_option
def status(door: Door, *, name: str, output: Path | None) -> Verdict:
    """Show the rollout of NAME: its phases, the evidence, and what it waits for.

    Example: seakeep rollout status trips -o rollout.html
    """
    from seakeep.pipeline import rollouts

    found = rollouts.status(name, home=door.home)
    write_page(output, found.report)
    return _shown(door, found)


@verb
@click.argument("name")
def advance(door: Door, *, name: str) -> Verdict:
    """Look at what NAME's prediction log says since the last look, and do what it demands.

    Example: seakeep rollout advance trips
    """
    from seakeep.pipeline import rollouts

    return _shown(door, rollouts.advance(name, home=door.home))


@verb
@click.argument("name")
@click.option("--reason", required=True, help="Why; kept on record.")
def abort(door: Door, *, name: str, reason: str) -> None:
    """End the rollout of NAME: its champion answers alone.

    Example: seakeep rollout abort trips --reason "the feed is being repaired"
    """
    from seakeep.pipeline import rollouts

    _shown(door, rollouts.abort(name, reason=reason, home=door.home))


@verb
@click.argument("name")
@click.option("--reason", required=True, help="Why; kept on record.")
def rollback(door: Door, *, name: str, reason: str) -> None:
    """Put the champion before the present one of NAME back in charge.

    Example: seakeep rollout rollback trips --reason "complaints from the airport"
    """
    from seakeep.pipeline import rollouts

    back = rollouts.rollback(name, reason=reason, home=door.home)
    plain = {"name": name, "champion": back.label, "digest": back.release.digest, "reason": reason}
    door.show(plain, lambda: f"{back.label} is the champion of {name} again")


@verb
@click.argument("name")
@click.option("--every", type=Seconds(0.1), default=5.0, show_default=True, help="Seconds between looks.")
@click.option("--http", metavar="HOST:PORT", help="Tell the verdict there, and go on after it was made.")
def serve(door: Door, *, name: str, every: float, http: str | None) -> Verdict:
    """Advance the rollout of NAME until it ends, or until SIGTERM or Ctrl-C.

    With --http it answers controllers (GET /rollouts/NAME/verdict), Prometheus (/metrics) and Alertmanager (POST /alerts) until
    SIGTERM or Ctrl-C, and takes up the next rollout of NAME when that is started.

    Example: seakeep rollout serve trips --every 5 --http 127.0.0.1:8081
    """
    from seakeep.pipeline import control, rollouts

    def told(found: Status) -> None:
        click.echo(f"{_clock(found.rollout.last)} {found.rollout.title}: {found.rollout.decisions[-1].why}", err=True)

    def troubled(error: Exception) -> None:
        click.echo(f"{error}\n  Trying again in {every:g} seconds.", err=True)

    def listening(address: str) -> None:
        door.show({"name": name, "address": address}, lambda: f"rollouts of {name} are told at {address}")

    if http is not None:
        control.serve(name, http=http, every=every, home=door.home, listening=listening, told=told, troubled=troubled)
    return _shown(door, rollouts.serve(name, every=every, home=door.home, told=told, troubled=troubled))


def _shown(door: Door, found: Status) -> Verdict:
    door.show(_plain(found), lambda: _drawn(found))
    return found.verdict


def _plain(found: Status) -> dict[str, Any]:
    rollout = found.rollout
    return {
        "verdict": found.verdict,
        "name": rollout.name,
        "id": rollout.id,
        "phase": rollout.phase,
        "step": rollout.step,
        "title": rollout.title,
        "outcome": rollout.outcome,
        "champion": plain_object(rollout.champion),
        "challenger": plain_object(rollout.challenger),
        "plan": plain_object(rollout.plan),
        "began": rollout.began,
        "last": rollout.last,
        "challenger_requests": rollout.evidence.requests.rows,
        "slow_ms": rollout.evidence.slow_ms,
        "waiting": found.waiting,
        "next_look": found.next_look,
        "forced": found.forced,
        "decisions": [plain_object(each) for each in rollout.decisions],
        "report": plain_object(found.report),
    }


def _drawn(found: Status) -> object:
    """The report with its pictures, and what it waits for."""
    from rich.console import Group
    from rich.text import Text

    from seakeep.views import terminal

    lines = [f"waits for {each}" for each in found.waiting]
    if found.next_look is not None:
        lines.append(f"next look at {_clock(found.next_look)}, where somebody advances it")
    if found.forced:
        lines.append(f"forced: {found.forced}")
    return Group(terminal.rollout(found.report), Text("\n".join(lines)))


def _clock(moment: float) -> str:
    return time.strftime("%H:%M:%S", time.localtime(moment))


for _part in (start, status, advance, abort, rollback, serve):
    command.add_command(_part)
