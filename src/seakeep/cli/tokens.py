"""Bearer tokens of servers: add, list, revoke."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._door import Door, plain_object, verb
from seakeep.cli._help import NAMES, Group
from seakeep.core.tokens import SCOPES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from seakeep.core.tokens import Token


@click.group(cls=Group, context_settings={"help_option_names": NAMES})
def command() -> None:
    """Make, show and take back the bearer tokens that servers believe.

    The file (the setting access.tokens) holds what tells a token, and no token. Servers that run see a change within a second.

    Example: seakeep tokens add web-shop --scope predict --file tokens.json
    """


def _file_option(function: Callable[..., Any]) -> Callable[..., Any]:
    given = click.option("--file", metavar="FILE", help="The file of tokens (default: the setting access.tokens).")
    return given(function)


@verb
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice(list(SCOPES)), help="What it allows."
)
@click.option("--lasts", metavar="TIME", help='How long it holds, for example "90d" (default: until it is taken back).')
@click.option("--rate", type=float, default=0.0, help="Requests a second (default: the setting access.rate).")
@_file_option
def add(door: Door, *, name: str, scopes: tuple[str, ...], lasts: str | None, rate: float, file: str | None) -> None:
    """Make a token for NAME and write it to standard output, this once.

    Example: seakeep tokens add web-shop --scope predict --lasts 90d --rate 200 --file tokens.json
    """
    from seakeep.core.token_files import add_token
    from seakeep.core.tokens import issue

    text, token = issue(name, scopes, now=time.time(), lasts=_seconds(lasts), rate=rate)
    add_token(_path(file), token)
    door.show({"token": text, **_plain(token)}, lambda: text)


@verb
@_file_option
def list_(door: Door, *, file: str | None) -> None:
    """Show who has which token, until when.

    Example: seakeep tokens list --file tokens.json
    """
    from seakeep.core.token_files import read_tokens

    tokens = read_tokens(_path(file))
    door.show([_plain(token) for token in tokens], lambda: _drawn(tokens))


@verb
@click.argument("name")
@_file_option
def revoke(door: Door, *, name: str, file: str | None) -> None:
    """Take back the token called NAME; servers refuse it within a second.

    Example: seakeep tokens revoke web-shop --file tokens.json
    """
    from seakeep.core.token_files import revoke_token

    gone = revoke_token(_path(file), name)
    door.show(_plain(gone), lambda: f"{gone.name} ({gone.id}) is let in no more")


def _path(file: str | None) -> Path:
    """The file that was named, else that of the settings. Raises BadToken where there is neither."""
    from pathlib import Path

    from seakeep.core.tokens import BadToken
    from seakeep.pipeline.settings import load_settings

    found = load_settings(Path.cwd(), flags={"access.tokens": file}).access.tokens
    if not found:
        raise BadToken.no_file()
    return Path(found).expanduser()


def _seconds(lasts: str | None) -> float | None:
    from seakeep.core import durations

    if lasts is None:
        return None
    found = durations.seconds(lasts)
    if found is None:
        raise click.BadParameter(f"{lasts!r} is not a length of time, for example {durations.EXAMPLE}")
    return found


def _plain(token: Token) -> dict[str, Any]:
    """A token without what tells it."""
    return {name: value for name, value in plain_object(replace(token, digest="")).items() if name != "digest"}


def _drawn(tokens: tuple[Token, ...]) -> str:
    now = time.time()
    lines = [
        f"{token.id}  {token.name:<24} {', '.join(token.scopes):<32} {_until(token, now)}"
        f"{f'  {token.rate:g}/s' if token.rate else ''}"
        for token in tokens
    ]
    return "\n".join(lines) or "there are no tokens"


def _until(token: Token, now: float) -> str:
    if token.expires is None:
        return "until it is taken back"
    day = dt.datetime.fromtimestamp(token.expires, dt.UTC).strftime("%Y-%m-%d %H:%M UTC")
    return f"{'expired' if token.is_over(now) else 'until'} {day}"


command.add_command(add, "add")
command.add_command(list_, "list")
command.add_command(revoke, "revoke")
