"""Which version of a table is meant, from an address and the parameter `version`; and the address's other parts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import parse_qs

from seakeep.core.addresses import scheme
from seakeep.core.errors import UsageError
from seakeep.data.errors import BadSnapshot


class Asked(NamedTuple):
    """place: the table's folder, address or name, without scheme and parameters. number: of the version; at: the time as of which. Neither: now."""

    place: str
    number: int | None
    at: datetime | None


def asked_of(address: str, version: int | str | datetime | None, *, word: str) -> Asked:
    """What an address and `version` ask for. word: what the table's kind calls a version ("version", "snapshot").

    A version is a number; anything else is a time, ISO 8601, UTC where it has no zone. Raises: UsageError.
    """
    rest = address.partition("://")[2] if scheme(address) in ("delta", "iceberg") else address.removeprefix("delta+")
    place, _, told = rest.partition("?")
    given = parse_qs(told, keep_blank_values=True)
    unknown = next((name for name in given if name not in (word, "at")), None)
    if unknown is not None:
        raise UsageError.unknown_name("parameter", unknown, (word, "at"), where=address)
    found: int | str | datetime | None = given[word][0] if word in given else given["at"][0] if "at" in given else None
    if found is not None and version is not None:
        raise BadSnapshot.twice(address)
    found = version if found is None else found
    if found is None:
        return Asked(place, None, None)
    if isinstance(found, str) and found.isdecimal():
        found = int(found)
    if isinstance(found, int):
        return Asked(place, found, None)
    return Asked(place, None, _moment(found, address))


def _moment(told: str | datetime, address: str) -> datetime:
    try:
        moment = datetime.fromisoformat(told) if isinstance(told, str) else told
    except ValueError as error:
        raise UsageError(
            f"{told!r} is no version of a table",
            where=address,
            cause="A version is a number, or a time in ISO 8601.",
            fix="version=3, or version='2013-11-04T12:00:00Z'",
            version=told,
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
