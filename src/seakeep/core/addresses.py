"""Addresses such as `postgresql://user@host/database` and `s3://bucket/prefix`: their scheme, and how they are shown.

A password may stand in an address that comes from the environment. It must not be read by anybody in a log, an error or a JSON
document, so everything that shows an address shows it `redacted`.
"""

from __future__ import annotations

import re

HIDDEN = "***"
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
_USER = re.compile(r"(?<=://)([^/?#\s]*)@")
_PARAMETER = re.compile(
    r"([?&][^=&\s]*(?:password|passwd|secret|token|key|sig|credential)[^=&\s]*=)([^&\s]+)", re.IGNORECASE
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
    name, colon, _ = found[1].partition(":")
    return f"{name}{colon}{HIDDEN if colon else ''}@"
