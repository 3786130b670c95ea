"""Hashing: a value as a keyed hash, so that equal values stay equal and nobody without the key can tell what they were.

Workers hash columns and keys before they write them (see serving.server.veils), and whoever adds labels by a key that is hashed
hashes it the same way. Keyed BLAKE2b (RFC 7693): texts become 24 hexadecimal digits, whole numbers 63 bits, so that a column
keeps its type. A value that is in two columns has one hash, so that tables can be joined by it. The key is read from a file, and
is in no setting, address, log or error. Standard library only: a worker imports this file.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LEAST_KEY_BYTES = 16
_MOST_KEY_BYTES = hashlib.blake2b.MAX_KEY_SIZE
_DIGEST_BYTES = 12
_INTEGER_BYTES = 8


class BadHashKey(UsageError):
    """The key that values are to be hashed with cannot be used. No message shows any of it."""

    @classmethod
    def unreadable(cls, path: Path, error: OSError) -> BadHashKey:
        return cls(
            f"the key that values are hashed with cannot be read from {path}: {error.strerror or error}",
            cause="The file is not there, or belongs to somebody else.",
            fix=f"ls -l {path}; it is named by serve.hash_key_file (SEAKEEP_SERVE_HASH_KEY_FILE).",
            path=str(path),
        )

    @classmethod
    def short(cls, path: Path, found: int) -> BadHashKey:
        return cls(
            f"the key in {path} has {found} bytes, expected at least {LEAST_KEY_BYTES}",
            cause="A short key can be found by trying.",
            fix=f"Make one: head -c {2 * LEAST_KEY_BYTES} /dev/urandom | base64 > {path}",
            path=str(path),
            bytes=found,
        )


def read_key(path: Path) -> bytes:
    """The key in a file, without white space around it; a long one by its SHA-512. Raises BadHashKey."""
    try:
        key = path.read_bytes().strip()
    except OSError as error:
        raise BadHashKey.unreadable(path, error) from error
    if len(key) < LEAST_KEY_BYTES:
        raise BadHashKey.short(path, len(key))
    return key if len(key) <= _MOST_KEY_BYTES else hashlib.sha512(key).digest()


def hashed(text: str, key: bytes) -> str:
    """A text as 24 hexadecimal digits.

    >>> hashed("Ann", bytes(16)) == hashed("Ann", bytes(16)), hashed("Ann", bytes(16)) == hashed("Ann", b"another key of ours")
    (True, False)
    """
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=key, digest_size=_DIGEST_BYTES).hexdigest()


def hashed_integer(value: int, key: bytes) -> int:
    """A whole number as another of 63 bits, by the hash of its digits."""
    digest = hashlib.blake2b(str(value).encode(), key=key, digest_size=_INTEGER_BYTES).digest()
    return int.from_bytes(digest) >> 1
