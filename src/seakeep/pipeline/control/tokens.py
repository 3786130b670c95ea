"""Who may tell the control server something: whoever brings the bearer token. Compared in constant time, told nowhere.

The token comes from the environment, or from a file that is read at each call, since a mounted secret is renewed while the server
runs. The file may hold several, a line each, all of which are right: while one is renewed, the clients have the old one for a time,
and Alertmanager does not repeat what was refused. Without a token only callers on this machine are believed.
"""

from __future__ import annotations

import hmac
import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from seakeep.core.errors import UsageError
from seakeep.pipeline.control.refusals import Refused

TOKEN, TOKEN_FILE = "SEAKEEP_WEBHOOK_TOKEN", "SEAKEEP_WEBHOOK_TOKEN_FILE"
LEAST = 16
_SCHEME = "bearer "


class BadToken(UsageError):
    """The token that was set cannot be one. Its text is in no message."""

    @classmethod
    def short(cls, place: str, found: int) -> BadToken:
        return cls(
            f"the token has {found} characters, expected at least {LEAST}",
            where=place,
            cause="A short token can be guessed; an empty file is a secret that was not mounted.",
            fix="Make one: openssl rand -hex 32",
            place=place,
        )

    @classmethod
    def unreadable(cls, path: str, why: str) -> BadToken:
        return cls(
            f"the token's file cannot be read: {why}",
            where=path,
            cause="The secret is not mounted, or this user may not read it.",
            fix=f"Mount it, or name another file: {TOKEN_FILE}=FILE",
            path=path,
        )


@dataclass(frozen=True, slots=True)
class Guard:
    """What a call must bring to be believed. loopback: whether only this machine can reach the server."""

    loopback: bool
    file: str = ""
    text: str = field(default="", repr=False)

    @classmethod
    def of_environment(cls, host: str) -> Guard:
        """As the environment says. Raises BadToken, if what is set can be no token."""
        made = cls(is_loopback(host), os.environ.get(TOKEN_FILE, ""), os.environ.get(TOKEN, ""))
        if made.file or TOKEN in os.environ:
            made.tokens()
        return made

    def tokens(self) -> tuple[str, ...]:
        """The tokens as they are now; none where none was set. Raises BadToken."""
        if not self.file and not self.text:
            if TOKEN in os.environ:
                raise BadToken.short(TOKEN, 0)
            return ()
        lines = (_read(self.file) if self.file else self.text).splitlines()
        found = tuple(line.strip() for line in lines if line.strip()) or ("",)
        shortest = min(map(len, found))
        if shortest < LEAST:
            raise BadToken.short(self.file or TOKEN, shortest)
        return found

    def check(self, authorization: str | None) -> None:
        """Refuse a call whose header Authorization does not bring the token. Raises Refused, BadToken."""
        known = self.tokens()
        if not known and self.loopback:
            return
        given = authorization or ""
        brought = given[len(_SCHEME) :].strip() if given.lower().startswith(_SCHEME) else ""
        sent = brought.encode("utf-8", "surrogateescape")
        right = [hmac.compare_digest(sent, each.encode()) for each in known]
        if not any(right):
            raise Refused.token(brought=bool(brought), known=bool(known))


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else "it is not text"
        raise BadToken.unreadable(path, why) from error
