"""Keeping: what of the requests is written down, how, and where it goes from there. A part of a server's settings, validated once.

Nothing here is read while a request is answered: the logbook binds what it does when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seakeep.core.addresses import has_secret, scheme
from seakeep.core.errors import UsageError
from seakeep.prediction_log.hashing import LEAST_KEY_BYTES, read_key

_MOST_ROWS = 1_000_000
_SECONDS_LEAST, _SECONDS_MOST = 1, 3600


class BadKeeping(UsageError):
    """A setting of what is kept has a value that it cannot have."""

    @classmethod
    def of(cls, name: str, found: object, expected: str) -> BadKeeping:
        return cls(
            f"{name} is {found!r}, expected {expected}", fix=f"Change it: serve.{name} in seakeep.toml.", name=name
        )

    @classmethod
    def no_key(cls, columns: tuple[str, ...]) -> BadKeeping:
        return cls(
            f"{', '.join(columns)} shall be hashed, and there is no key to hash with",
            cause="Without a secret key anybody could hash every likely value and compare.",
            fix=f"Make one: head -c {2 * LEAST_KEY_BYTES} /dev/urandom | base64 > hash.key; name it: serve.hash_key_file",
            columns=columns,
        )

    @classmethod
    def both(cls, columns: tuple[str, ...]) -> BadKeeping:
        return cls(
            f"{', '.join(columns)} shall be left out and hashed, expected one of the two",
            fix="Remove it from serve.redact or from serve.hash.",
            columns=columns,
        )

    @classmethod
    def secret(cls) -> BadKeeping:
        return cls(
            "a sink's address holds a password",
            cause="Addresses end up in logs and in the list of processes.",
            fix="Give it by the environment, see the guide to predictions: AWS_SECRET_ACCESS_KEY, SEAKEEP_NATS_CREDENTIALS.",
        )


@dataclass(frozen=True, slots=True)
class Keeping:
    """What of the requests is kept, where predictions are logged.

    sample_requests: with log = "sampled", how many of each minute and arm a worker keeps. sample_seconds: length of that minute.
    redact: columns (inputs, or the contract's key) of which no value is written. hash: columns of texts or whole numbers that are
        written as a keyed hash. hash_key_file: that holds the key.
    keep: seconds after which hours of predictions are removed; 0 for never. sinks: addresses that get what is written, see
        serving.shipping.
    Raises: BadKeeping; BadHashKey.
    """

    sample_requests: int = 1000
    sample_seconds: int = 60
    redact: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()
    hash_key_file: str = ""
    keep: float = 0.0
    sinks: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, least, most in (
            ("sample_requests", 1, _MOST_ROWS),
            ("sample_seconds", _SECONDS_LEAST, _SECONDS_MOST),
        ):
            if not least <= getattr(self, name) <= most:
                raise BadKeeping.of(f"log_{name}", getattr(self, name), f"{least} to {most}")
        if self.keep < 0:
            raise BadKeeping.of("log_keep", self.keep, "a length of time")
        if twice := tuple(name for name in self.redact if name in self.hash):
            raise BadKeeping.both(twice)
        if self.hash:
            if not self.hash_key_file:
                raise BadKeeping.no_key(self.hash)
            read_key(Path(self.hash_key_file))
        if any(map(has_secret, self.sinks)):
            raise BadKeeping.secret()
        for sink in self.sinks:
            if not scheme(sink) and not sink.startswith("/"):
                raise BadKeeping.of(
                    "log_sinks", sink, "a folder from the root on, or an address such as s3://BUCKET/PREFIX"
                )
