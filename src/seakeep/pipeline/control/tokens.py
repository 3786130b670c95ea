"""Who may tell the control server something: whoever brings a bearer token. Compared in constant time, told nowhere.

Its own token comes from the environment, or from a file that is read at each call, since a mounted secret is renewed while the server
runs. The file may hold several, a line each, all of which are right: while one is renewed, the clients have the old one for a time,
and Alertmanager does not repeat what was refused. Beside it the tokens of the setting access.tokens are believed, by their scopes; where
that is set, reading needs one too. Without any token only callers on this machine are believed.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

from seakeep.core.errors import UsageError
from seakeep.core.token_files import BadTokenFile, TokenBook
from seakeep.core.tokens import bearer, is_loopback
from seakeep.pipeline.control.refusals import Refused

TOKEN, TOKEN_FILE = "SEAKEEP_WEBHOOK_TOKEN", "SEAKEEP_WEBHOOK_TOKEN_FILE"
LEAST = 16
TELL, READ = "admin", "metrics"
"""The scopes that a call needs: to tell of alerts, and to read."""


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
    """What a call must bring to be believed. loopback: whether only this machine can reach the server. book: of access.tokens."""

    loopback: bool
    file: str = ""
    text: str = field(default="", repr=False)
    book: TokenBook | None = None

    @classmethod
    def of_environment(cls, host: str, tokens: Path | None = None) -> Guard:
        """As the environment says, and the file of tokens. Raises BadToken, BadTokenFile, if what is set can be no token."""
        book = TokenBook(tokens) if tokens else None
        made = cls(is_loopback(host), os.environ.get(TOKEN_FILE, ""), os.environ.get(TOKEN, ""), book)
        if made.file or TOKEN in os.environ:
            made.tokens()
        return made

    def tokens(self) -> tuple[str, ...]:
        """The server's own tokens as they are now; none where none was set. Raises BadToken."""
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

    def check_reading(self, authorization: str | None) -> None:
        """Refuse a call that reads, where that needs a token. Raises Refused, BadToken."""
        if self.book is not None:
            self.check(authorization, READ)

    def check(self, authorization: str | None, scope: str = TELL) -> None:
        """Refuse a call whose header Authorization does not bring a token that may do this. Raises Refused, BadToken."""
        known = self.tokens()
        if not known and self.book is None and self.loopback:
            return
        brought = bearer(authorization)
        sent = brought.encode("utf-8", "surrogateescape")
        right = [hmac.compare_digest(sent, each.encode()) for each in known]
        if any(right):
            return
        if self.book is None or not brought:
            raise Refused.token(brought=bool(brought), known=bool(known or self.book))
        self._check_listed(self.book, brought, scope)

    def _check_listed(self, book: TokenBook, brought: str, scope: str) -> None:
        with contextlib.suppress(BadTokenFile):  # those that were known hold on
            book.look()
        token = book.find(brought)
        if token is None or token.is_over(time.time()):
            raise Refused.token(brought=True, known=True)
        if scope not in token.scopes:
            raise Refused.scope(scope, token.scopes)


def _read(path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = error.strerror or str(error) if isinstance(error, OSError) else "it is not text"
        raise BadToken.unreadable(path, why) from error
