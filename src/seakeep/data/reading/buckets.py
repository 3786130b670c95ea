"""Buckets: objects on S3, Google Cloud Storage and Azure by address, opened with the clouds' own credentials.

Tables are fetched from there (see `fetching`), and a registry may keep its objects there. Credentials come from where the clouds'
own clients take them: the environment (`AWS_*`, `GOOGLE_*`, `AZURE_*`), a web identity's token file, the instance's or the pod's
identity; never from an address or a settings file. Requests are tried again with growing pauses; what cannot be done is told by
what to change. `file:///folder` is a folder with the same meaning.
"""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seakeep.core.addresses import redacted, scheme
from seakeep.core.errors import DataError, MissingExtra

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMES = ("s3", "gs", "az", "file")
TRY_SECONDS = 30
"""How long a request is tried again."""
_IDENTITY = {
    "s3": "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a role's AWS_WEB_IDENTITY_TOKEN_FILE, or the instance's identity",
    "gs": "GOOGLE_APPLICATION_CREDENTIALS, `gcloud auth application-default login`, or the instance's identity",
    "az": "AZURE_STORAGE_ACCOUNT_NAME with AZURE_FEDERATED_TOKEN_FILE, AZURE_CLIENT_ID … or the instance's identity",
    "file": "the file system's rights",
}
_WHERE = {"s3": "AWS_REGION and AWS_ENDPOINT_URL, where they are set", "az": "AZURE_STORAGE_ACCOUNT_NAME"}
"""What else than the address says where a store is."""
_FULL = re.compile(
    r"\b507\b|InsufficientStorage|QuotaExceeded|No space left|out of space|AccountQuota|no free volumes", re.IGNORECASE
)
_NO_BUCKET = re.compile(r"NoSuchBucket|ContainerNotFound|bucket does not exist", re.IGNORECASE)
_REFUSED = re.compile(
    r"\b40[13]\b|AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|Forbidden|ExpiredToken|InvalidToken"
)
_NO_IDENTITY = re.compile(
    r"169\.254\.169\.254|metadata\.google|credential|identity|Account must be specified", re.IGNORECASE
)


class CannotReach(DataError):
    """A bucket does not do what is asked. where: the address."""

    @classmethod
    def address(cls, address: str) -> CannotReach:
        return cls(
            f"{redacted(address)!r} is no address of objects",
            cause="A bucket's name is missing, the address holds a key or a sign that it may not, or the scheme is another.",
            fix="For example: s3://BUCKET/flights/2013-01.parquet, gs://…, az://…; keys belong into the environment.",
            address=redacted(address),
        )

    @classmethod
    def absent(cls, address: str) -> NotThere:
        return NotThere(
            f"there is nothing at {address}",
            cause="The name is misspelt, or it was removed. Names in buckets tell small from capital letters.",
            fix=f"List what is there: aws s3 ls {address.rpartition('/')[0]}/" if scheme(address) == "s3" else "",
            address=address,
        )

    @classmethod
    def no_bucket(cls, address: str) -> CannotReach:
        return cls(
            "there is no such bucket",
            where=address,
            cause="Its name is misspelt, or it is in another region, account or endpoint. Seakeep makes no buckets.",
            fix=f"Make it, or correct {_where('the address', address)}.",
            address=address,
        )

    @classmethod
    def forbidden(cls, address: str, doing: str, reason: str) -> CannotReach:
        return cls(
            f"{doing} is not allowed: {reason}",
            where=address,
            cause="The key or role has no right to it, is wrong, or has expired.",
            fix=f"Check who you are, and what that may do. Credentials are taken from {_IDENTITY[scheme(address)]}.",
            address=address,
        )

    @classmethod
    def nobody(cls, address: str, reason: str) -> CannotReach:
        return cls(
            f"no credentials were found: {reason}",
            where=address,
            cause="Nothing in the environment says who is asking, and this machine has no identity of its own.",
            fix=f"Give them: {_IDENTITY[scheme(address)]}.",
            address=address,
        )

    @classmethod
    def full(cls, address: str, reason: str) -> CannotReach:
        return cls(
            f"the store has no room left: {reason}",
            where=address,
            cause="Its disks are full, or a quota is used up; nothing of this object was kept.",
            fix="Free some space there and run it again.",
            address=address,
        )

    @classmethod
    def unreachable(cls, address: str, doing: str, reason: str) -> CannotReach:
        return cls(
            f"{doing} did not come to an end within {TRY_SECONDS} seconds: {reason}",
            where=address,
            cause="The store is down or slow, the endpoint is wrong, or a network policy is in between.",
            fix=f"Look at {_where('the network', address)}; then run it again: what is there already is kept.",
            address=address,
        )


class NotThere(CannotReach):
    """There is no such object; the bucket itself answers."""


@dataclass(frozen=True, slots=True)
class Found:
    """An object. address: the whole one. size: bytes. mark: what changes with its content (version or ETag). changed: when."""

    address: str
    size: int
    mark: str
    changed: datetime


class Bucket:
    """The objects below an address. Opening asks nothing of the network."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")
        self._driver = _driver()
        if (
            scheme(address) not in SCHEMES
            or redacted(address) != address
            or not re.search(r"://[^?#@]+$", self.address)
        ):
            raise CannotReach.address(address)
        try:
            self._store: Any = self._driver.store.from_url(self.address, **_options(self.address))
        except Exception as error:
            if _NO_IDENTITY.search(str(error)):
                raise CannotReach.nobody(self.address, _words(error)) from error
            raise CannotReach.address(address) from error

    def get(self, key: str) -> bytes:
        """The content of an object. Raises CannotReach."""
        with self._told(key, "reading"):
            return bytes(self._store.get(key).bytes())

    def head(self, key: str) -> Found:
        """What is known of an object without reading it. Raises CannotReach."""
        with self._told(key, "looking at an object"):
            return self._found(self._store.head(key))

    def look(self, key: str) -> Found | None:
        """What is known of an object, or None where there is none. Raises CannotReach, for everything else."""
        try:
            return self.head(key)
        except NotThere:
            return None

    def put(self, key: str, content: bytes, *, new: bool = False) -> bool:
        """Keep an object, whole or not at all; `new`: only where there is none (If-None-Match), where the store can.

        Returns: whether it was written. Raises: CannotReach.
        """
        with self._told(key, "writing"):
            try:
                self._store.put(key, content, mode="create" if new else "overwrite", use_multipart=False)
            except self._driver.exceptions.AlreadyExistsError:
                return False
            except (self._driver.exceptions.NotSupportedError, NotImplementedError):
                self._store.put(key, content, mode="overwrite", use_multipart=False)
        return True

    def send(self, key: str, source: Path) -> None:
        """Keep a file as an object, a piece at a time, whole or not at all. Raises CannotReach.

        A sender that is killed leaves pieces that nobody sees and the store counts, until a rule of its removes them.
        """
        with self._told(key, "writing"):
            self._store.put(key, source, mode="overwrite")

    def copy(self, key: str, to: str) -> None:
        """Keep an object's content under another key too, without fetching it. Raises CannotReach."""
        with self._told(key, "copying"):
            self._store.copy(key, to)

    def fetch(self, key: str, target: Path) -> None:
        """Write an object's content to `target`, a piece at a time. Raises CannotReach; OSError of the file."""
        with target.open("wb") as file:
            with self._told(key, "reading"):
                stream = iter(self._store.get(key).stream(min_chunk_size=8 << 20))
            while True:
                with self._told(key, "reading"):
                    block = next(stream, None)
                if block is None:
                    return
                file.write(block)

    def list(self, prefix: str = "") -> Iterator[Found]:
        """Objects below a prefix (whole parts of a path), by name. Raises CannotReach."""
        with self._told(prefix, "listing"):
            found = [each for batch in self._store.list(prefix=prefix or None) for each in batch]
        yield from sorted(map(self._found, found), key=lambda each: each.address)

    def remove(self, key: str) -> None:
        """Remove an object; nothing where there is none. Raises CannotReach."""
        with contextlib.suppress(NotThere), self._told(key, "removing"):
            self._store.delete(key)

    def _found(self, meta: Any) -> Found:
        mark = meta.get("version") or meta.get("e_tag") or meta["last_modified"].isoformat()
        return Found(f"{self.address}/{meta['path']}", int(meta["size"]), str(mark).strip('"'), meta["last_modified"])

    @contextlib.contextmanager
    def _told(self, key: str, doing: str) -> Iterator[None]:
        """Turn what a store says into CannotReach."""
        place = f"{self.address}/{key}" if key else self.address
        try:
            yield
        except CannotReach:
            raise
        except FileNotFoundError as error:
            raise (
                CannotReach.no_bucket(place) if _NO_BUCKET.search(str(error)) else CannotReach.absent(place)
            ) from error
        except (self._driver.exceptions.BaseError, OSError, ValueError) as error:
            raise self._explained(error, place, doing) from error

    def _explained(self, error: Exception, place: str, doing: str) -> CannotReach:
        text, words = str(error), _words(error)
        if _NO_BUCKET.search(text):
            return CannotReach.no_bucket(place)
        kinds = (
            self._driver.exceptions.PermissionDeniedError,
            self._driver.exceptions.UnauthenticatedError,
            PermissionError,
        )
        if isinstance(error, kinds):
            return CannotReach.forbidden(place, doing, words)
        if _FULL.search(text):
            return CannotReach.full(place, words)
        if _NO_IDENTITY.search(text):
            return CannotReach.nobody(place, words)
        return (
            CannotReach.forbidden(place, doing, words)
            if _REFUSED.search(text)
            else CannotReach.unreachable(place, doing, words)
        )


def _options(address: str) -> dict[str, Any]:
    """How requests are made and tried again. HTTP without TLS is for an endpoint that the environment names so."""
    if scheme(address) == "file":
        Path(address.removeprefix("file://")).mkdir(parents=True, exist_ok=True)
        return {}
    backoff = {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=5), "base": 2}
    retries = {"max_retries": 8, "retry_timeout": timedelta(seconds=TRY_SECONDS), "backoff": backoff}
    plain = os.environ.get("AWS_ENDPOINT_URL_S3", os.environ.get("AWS_ENDPOINT_URL", "")).startswith("http://")
    options: dict[str, Any] = {"connect_timeout": "10s", "timeout": f"{TRY_SECONDS}s"}
    return {"retry_config": retries, "client_options": options | ({"allow_http": True} if plain else {})}


def _where(first: str, address: str) -> str:
    """What to look at: `first`, and what the environment says of where the store is."""
    more = _WHERE.get(scheme(address), "")
    return f"{first}, and {more}" if more else first


def _words(error: BaseException) -> str:
    """What a store says, in one line and without its debugging."""
    text = str(error).partition("Debug source")[0]
    message = re.search(r"<Message>([^<]+)</Message>", text)
    lines = [line.strip() for line in (message[1] if message else text).splitlines() if line.strip()]
    return redacted(lines[0])[:300].rstrip(".") if lines else type(error).__name__


def _driver() -> Any:
    try:
        import obstore
        import obstore.exceptions
        import obstore.store
    except ImportError as error:
        raise MissingExtra.of("obstore", "cloud", purpose="an address of objects") from error
    return obstore
