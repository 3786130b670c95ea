"""The file of tokens: read and changed, and read again under a server when it is another one.

It is written whole, by one process at a time. Where it cannot be read any more, what was known stays known: a torn mount must not
end a service, and a token is taken back by writing the file, not by losing it.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from seakeep.core.codec import BadDocument, from_json, to_json
from seakeep.core.errors import DataError
from seakeep.core.files import replacing
from seakeep.core.locks import alone
from seakeep.core.tokens import BadToken, Token, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_OWN_MODE = 0o600


class BadTokenFile(DataError):
    """A file of tokens cannot be read or believed."""

    @classmethod
    def unreadable(cls, path: Path, why: str) -> BadTokenFile:
        return cls(
            f"the file of tokens cannot be read: {why}",
            where=str(path),
            cause="It is not there or not mounted, or this user may not read it.",
            fix=f"Make one: seakeep tokens add NAME --scope predict --file {path}",
            path=str(path),
        )

    @classmethod
    def writable(cls, path: Path) -> BadTokenFile:
        return cls(
            "the file of tokens may be written by everybody",
            where=str(path),
            cause="Whoever writes to it lets in whom they like.",
            fix=f"chmod 600 {path}",
            path=str(path),
        )

    @classmethod
    def plain(cls, path: Path) -> BadTokenFile:
        return cls(
            "the file of tokens is not one that seakeep tokens wrote",
            where=str(path),
            cause="It was edited by hand or torn, or holds a token itself instead of what tells it.",
            fix=f"Make a new one: seakeep tokens add NAME --scope predict --file {path}",
            path=str(path),
        )


@dataclass(frozen=True, slots=True)
class TokenList:
    """What a file of tokens holds."""

    tokens: tuple[Token, ...] = ()


class TokenBook:
    """The tokens of a file, as it is now. Raises BadTokenFile, if it cannot be read at first.

    Attributes: tokens: those that are known.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None
        self.tokens: tuple[Token, ...] = ()
        self._by_digest: dict[str, Token] = {}
        self.look()

    def look(self) -> bool:
        """Read the file again if it is another one; whether it was. Raises BadTokenFile, and what was known stays.

        A file that could not be read is tried again at the next look: it may say that a token was taken back.
        """
        try:
            found = self._path.stat()
        except OSError as error:
            self._seen = None
            raise BadTokenFile.unreadable(self._path, error.strerror or str(error)) from error
        stamp = found.st_ino, found.st_ctime_ns, found.st_size
        if stamp == self._seen:
            return False
        self._seen = None
        self.tokens = read_tokens(self._path)
        self._seen = stamp
        self._by_digest = {token.digest: token for token in self.tokens}
        return True

    def find(self, text: str) -> Token | None:
        """The token with this text, whatever it allows."""
        return self._by_digest.get(digest_of(text))


def read_tokens(path: Path) -> tuple[Token, ...]:
    """The tokens of a file. Raises BadTokenFile; nothing of the file's content is told."""
    try:
        mode, text = path.stat().st_mode, path.read_bytes()
    except OSError as error:
        raise BadTokenFile.unreadable(path, error.strerror or str(error)) from error
    if mode & stat.S_IWOTH:
        raise BadTokenFile.writable(path)
    try:
        tokens = from_json(TokenList, text, path=str(path)).tokens
    except BadDocument:
        raise BadTokenFile.plain(path) from None
    if not all(token.is_whole for token in tokens):
        raise BadTokenFile.plain(path)
    return tokens


def add_token(path: Path, token: Token) -> None:
    """Put a token into a file, which is made where there is none. Raises BadToken, BadTokenFile, CannotWrite."""

    def added(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        if any(token.name == each.name for each in tokens):
            raise BadToken.taken(token.name, path)
        return (*tokens, token)

    _change(path, added)


def revoke_token(path: Path, name: str) -> Token:
    """Take a token out of a file: its name, or its id. Returns what it was. Raises BadToken, BadTokenFile, CannotWrite."""
    gone: list[Token] = []

    def left(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
        gone.extend(token for token in tokens if name in (token.name, token.id))
        if not gone:
            raise BadToken.unknown(name, path, [token.name for token in tokens])
        return tuple(token for token in tokens if token not in gone)

    _change(path, left)
    return gone[0]


def _change(path: Path, change: Callable[[tuple[Token, ...]], tuple[Token, ...]]) -> None:
    """Write the file anew, whole; one process at a time. Its rights stay as they are: a server may be another user."""
    with alone(path.with_name(f".{path.name}.lock")):
        mode = path.stat().st_mode if path.exists() else _OWN_MODE
        tokens = change(read_tokens(path) if path.exists() else ())
        with replacing(path) as temporary:
            temporary.touch(_OWN_MODE)
            temporary.write_text(to_json(TokenList(tokens)), "utf-8")
            temporary.chmod(stat.S_IMODE(mode))
