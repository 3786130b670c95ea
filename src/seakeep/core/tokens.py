"""Tokens: who may ask a server for what. What is kept of a token tells it, and is none.

A token is 256 bits from the system's source of chance, so its SHA-256 is as good as a slow hash: nobody can try that many. Servers
find it by that digest, of which a client knows nothing, so the time of a comparison tells nothing either.
"""

from __future__ import annotations

import hashlib
import ipaddress
import math
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SCOPES = {
    "predict": "ask for predictions, explanations and what is told of models",
    "labels": "send labels, which decide what a rollout lets in",
    "metrics": "read /metrics, and what the control server tells",
    "urgent": "claim priority 1, which goes before everybody else's; beside predict",
    "admin": "load and unload models, and tell the control server of alerts",
}
"""What a token may allow: each scope, and what it lets its bearer do. None includes another."""
URGENT = "urgent"
PREFIX = "seakeep"
_SCHEME = "bearer "
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_SECRET_BYTES, _ID_BYTES = 32, 4
_ID, _DIGEST = re.compile("[0-9a-f]{8}"), re.compile("[0-9a-f]{64}")


class BadToken(UsageError):
    """A token cannot be made or taken back as asked."""

    @classmethod
    def name(cls, found: str) -> BadToken:
        return cls(
            f"a token cannot be called {found[:80]!r}",
            cause="Its name stands in logs: up to 64 letters, digits, dots, underscores and hyphens.",
            fix="Name who will use it: seakeep tokens add web-shop --scope predict",
            name=found,
        )

    @classmethod
    def taken(cls, name: str, path: Path) -> BadToken:
        return cls(
            f"there is a token called {name!r} already",
            where=str(path),
            cause="Two of one name could not be told apart where one is taken back.",
            fix=f"Choose another name, {name}-2 say, and take the old one back when nobody uses it: seakeep tokens revoke {name}",
            name=name,
        )

    @classmethod
    def unknown(cls, name: str, path: Path, known: Iterable[str]) -> BadToken:
        return cls(
            f"there is no token called {name!r}",
            where=str(path),
            cause=f"There are: {', '.join(known) or 'none'}.",
            fix="See them: seakeep tokens list",
            name=name,
        )

    @classmethod
    def scopes(cls, found: Iterable[str]) -> BadToken:
        unknown = [scope for scope in found if scope not in SCOPES]
        return cls(
            f"there is no scope {unknown[0]!r}" if unknown else "the token has no scope",
            cause="A scope says what the token lets its bearer do.",
            fix=f"Name some of: {', '.join(SCOPES)}.",
            scopes=unknown,
        )

    @classmethod
    def no_file(cls) -> BadToken:
        return cls(
            "there is no file of tokens",
            cause="Neither --file nor the setting access.tokens names one.",
            fix='Name it where servers will find it too, in seakeep.toml: [access] tokens = "tokens.json"',
        )

    @classmethod
    def rate(cls, found: float) -> BadToken:
        return cls(
            f"the rate is {found:g} requests a second, expected at least 0",
            cause="0 is the server's own limit, access.rate.",
            fix="Give it a number: --rate 100",
            rate=found,
        )


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token.

    id: its public part, eight digits. name: who uses it. digest: SHA-256 of the whole, in hexadecimal. scopes: of SCOPES. created,
    expires: Unix seconds, None for never. rate: requests a second, 0 for the server's own limit.
    """

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    created: float
    expires: float | None = None
    rate: float = 0.0

    def is_over(self, now: float) -> bool:
        """Whether it holds no more. now: Unix seconds."""
        return self.expires is not None and now >= self.expires

    @property
    def is_whole(self) -> bool:
        """Whether it is as `issue` makes it; a file may have been written by hand."""
        return bool(_ID.fullmatch(self.id) and _DIGEST.fullmatch(self.digest) and 0 <= self.rate < math.inf)


def issue(
    name: str, scopes: Iterable[str], *, now: float, lasts: float | None = None, rate: float = 0.0
) -> tuple[str, Token]:
    """A new token's text, which is told once, and what is kept of it. lasts: seconds from `now`, None for ever.

    Raises: BadToken.
    """
    wanted = tuple(dict.fromkeys(scopes))
    if not _NAME.fullmatch(name):
        raise BadToken.name(name)
    if not wanted or not SCOPES.keys() >= set(wanted):
        raise BadToken.scopes(wanted)
    if not 0 <= rate < math.inf:
        raise BadToken.rate(rate)
    own = secrets.token_hex(_ID_BYTES)
    text = f"{PREFIX}_{own}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return text, Token(own, name, digest_of(text), wanted, now, None if lasts is None else now + lasts, rate)


def digest_of(text: str) -> str:
    """What tells a token."""
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def bearer(authorization: str | None) -> str:
    """The token in a header Authorization, empty where it brings none.

    >>> bearer("Bearer abc"), bearer("bearer  abc "), bearer("Basic abc"), bearer(None)
    ('abc', 'abc', '', '')
    """
    given = authorization or ""
    return given[len(_SCHEME) :].strip() if given[: len(_SCHEME)].lower() == _SCHEME else ""


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
