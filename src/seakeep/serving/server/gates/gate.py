"""Gatekeeper: lets a request in, or refuses it, by the bearer token that it brings.

The file of tokens is looked at twice a second, so that a new token holds, and one that was taken back holds no more, within a
second and without a restart. Where it cannot be read the tokens that were known hold on (see core.token_files), and
that is told (`seakeep_tokens_readable`).

A token is found by its SHA-256. A client that guesses cannot choose the digest's beginning, so how long the look-up takes tells it
nothing; nothing of a token is kept, logged or said back.
"""

from __future__ import annotations

import hashlib
import logging
import math
import time
from typing import TYPE_CHECKING, NamedTuple

from seakeep.core.token_files import BadTokenFile, TokenBook
from seakeep.core.tokens import URGENT, bearer
from seakeep.serving.server.gates.rates import Rate, rate_file
from seakeep.serving.server.refusals.gates import Shut
from seakeep.serving.server.telemetry.ids import BEARER
from seakeep.serving.server.traffic.urgency import FIRST, NORMAL

if TYPE_CHECKING:
    import asyncio
    from pathlib import Path

    from seakeep.core.tokens import Token
    from seakeep.serving.server.cells import Cell
    from seakeep.serving.server.form import Headers
    from seakeep.serving.server.gates.access import Access

LOOK_SECONDS = 0.5
_log = logging.getLogger("seakeep.serving")


class Grant(NamedTuple):
    """What a token allows. name: who uses it. expires: Unix seconds. per_second: its rate, 0 for none; kept by `limit`.

    first: of the priorities that it may claim.
    """

    name: str
    scopes: tuple[str, ...]
    expires: float
    per_second: float
    limit: Rate | None
    first: int


class Gatekeeper:
    """Lets requests in. May be asked in any thread.

    Parameters: access: with a file of tokens. folder: the server's, for what its workers share. readable: is set to whether the
        file can be read.
    Raises: BadTokenFile.
    """

    def __init__(self, access: Access, folder: Path, *, readable: Cell) -> None:
        assert access.tokens is not None
        self._book = TokenBook(access.tokens)
        self._access, self._folder, self._readable = access, folder, readable
        self._problem = ""
        self._limits: dict[tuple[str, float], Rate] = {}
        self._grants: dict[bytes, Grant] = {}
        self._take(self._book.tokens)
        self._tell("")

    def check(self, headers: Headers, scope: str) -> int:
        """Let a request in by its headers. scope: that it needs, one of core.tokens.SCOPES. Returns the first of the priorities that
        it may claim. Raises Shut.
        """
        return self.admit(headers.get("authorization"), scope).first

    def check_and_tell(self, headers: Headers, scope: str) -> int:
        """As `check`; the lines about this request name the token's bearer."""
        grant = self.admit(headers.get("authorization"), scope)
        BEARER.set(grant.name)
        return grant.first

    def charge(self, headers: Headers, requests: float) -> None:
        """Have the token's rate pay for `requests` more than it made; it waits for longer before the next."""
        grant = self._grants.get(_digest(bearer(headers.get("authorization"))))
        if grant is not None and grant.limit is not None:
            grant.limit.charge(requests)

    def admit(self, authorization: str | None, scope: str) -> Grant:
        """What the token allows, if it may do this now. Raises Shut."""
        grant = self.known(authorization, scope)
        if grant.limit is not None and (wait := grant.limit.wait()):
            raise Shut.often(grant.per_second, math.ceil(wait))
        return grant

    def look_at(self, headers: Headers, scope: str) -> int:
        """As `check`, but for the token's rate: a first look at who has not said yet what it asks for. Raises Shut."""
        return self.known(headers.get("authorization"), scope).first

    def known(self, authorization: str | None, scope: str) -> Grant:
        """What the token allows, if it may do this at all, however often it asks. Raises Shut."""
        token = bearer(authorization)
        grant = self._grants.get(_digest(token))
        if grant is None:
            raise Shut.unknown() if token else Shut.no_token()
        if grant.expires <= time.time():
            raise Shut.expired()
        if scope not in grant.scopes:
            raise Shut.scope(scope, grant.scopes)
        return grant

    def keep_looking(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look twice a second for as long as the loop runs."""
        self.look()
        loop.call_later(LOOK_SECONDS, self.keep_looking, loop)

    def look(self) -> None:
        """Read the file again, if it is another one. Never raises; what is wrong is told once."""
        try:
            if self._book.look() or self._taken is not self._book.tokens:
                self._take(self._book.tokens)
                self._tell("")
        except (BadTokenFile, OSError) as error:  # OSError: of the file for a rate
            self._tell(str(error))

    def _take(self, tokens: tuple[Token, ...]) -> None:
        limits: dict[tuple[str, float], Rate] = {}
        grants = {}
        for token in tokens:
            rate = token.rate or self._access.rate
            limit = self._limit(token.id, rate) if rate else None
            if limit is not None:
                limits[token.id, rate] = limit
            expires = math.inf if token.expires is None else token.expires
            grants[bytes.fromhex(token.digest)] = Grant(
                token.name, token.scopes, expires, rate, limit, FIRST if URGENT in token.scopes else NORMAL
            )
        self._limits, self._grants, self._taken = limits, grants, tokens

    def _limit(self, token_id: str, rate: float) -> Rate:
        known = self._limits.get((token_id, rate))
        return known or Rate(rate_file(self._folder, token_id), rate, self._access.burst_seconds)

    def _tell(self, problem: str) -> None:
        self._readable.set(float(not problem))
        if problem and problem != self._problem:
            _log.error("the tokens that were known hold on: %s", problem.splitlines()[0])
        self._problem = problem


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
