"""Addresses such as `postgresql://user@host/database` and `s3://bucket/prefix`: their scheme, and how they are shown.

A password may stand in an address that comes from the environment. It must not be read by anybody in a log, an error or a JSON
document, so everything that shows an address shows it `redacted`.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USER = re.compile(r"(?<=://)((?:(?!://).)*)@", re.DOTALL)
_HOST_ENDS = re.compile(r"[/?#]")
_PARAMETER = re.compile(
    r"([?&][^=&\s]*(?:password|passwd|secret|token|key|sig|credential)[^=&\s]*=|\b(?:ssl)?password\s*=\s*)([^&\s]+)",
    re.IGNORECASE,
)


def scheme(address: str) -> str:
    """The scheme of an address in small letters; empty for a path.

    >>> scheme("s3://bucket/flights"), scheme("flights/2013.csv")
    ('s3', '')
    """
    found = _SCHEME.match(address)
    return found[1].lower() if found else ""


def redacted(address: str) -> str:
    """The address without its secrets: a password, and parameters that are called like one.

    >>> redacted("postgresql://ann:tiger@db/models?sslpassword=x&sslmode=require")
    'postgresql://ann:***@db/models?sslpassword=***&sslmode=require'
    """
    return _PARAMETER.sub(rf"\1{HIDDEN}", _USER.sub(_user, address))


def has_secret(address: str) -> bool:
    """Whether the address holds a password, or a parameter that is called like one."""
    return redacted(address) != address


def _user(found: re.Match[str]) -> str:
    """What stands before the last @, without the password. One with a sign such as / or ? in it, which no address may hold, is
    one that somebody pasted, and is hidden as well; an @ in an object's name or a parameter is not one of a password.
    """
    told = found[1]
    before = _HOST_ENDS.split(told, maxsplit=1)[0]
    user, at, _ = before.rpartition("@")
    name, colon, _ = (user if at and before != told else before).partition(":")
    return f"{name}:{HIDDEN}@" if colon else f"{told}@"
