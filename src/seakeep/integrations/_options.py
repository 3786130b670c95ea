"""Values that an option cannot have, refused in the same words by every target.

Called by targets once, before anything is made of their options; the fields of each target stay in its own file. Numbers come as
numbers already (pipeline.exports.targets); what is checked here is their range, and the form of texts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from seakeep.integrations._kube import BadTarget

if TYPE_CHECKING:
    from collections.abc import Mapping

_POINT = r"([0-9]{1,2}|[A-Za-z]{3})"
_FIELD = rf"(\*|{_POINT}(-{_POINT})?)(/[0-9]+)?"
_FIELDS = rf"{_FIELD}(,{_FIELD})*"
CRON = rf"{_FIELDS}( {_FIELDS}){{4}}"
"""The form of cron's five fields: minute, hour, day of the month, month, day of the week."""
NAME = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""The form of a namespace's and of most objects' names in Kubernetes (RFC 1123)."""
ADDRESS = r"https?://[^\s\"'<>\\^`{|}]+"
"""The form of an address of HTTP: what RFC 3986 lets in no URI is in none."""
REFERENCE = r"[A-Za-z0-9][A-Za-z0-9._:/@+-]{0,511}"
"""The form of an image that is named whole, with its tag or digest."""


def check_forms(target: str, options: object, forms: Mapping[str, tuple[str, str]]) -> None:
    """Raise BadTarget for the first option that has not its form: a regular expression, and what it means in words."""
    for name, (form, expected) in forms.items():
        found = getattr(options, name)
        if not re.fullmatch(form, str(found)):
            raise BadTarget.wrong_option(target, name, found, expected)


def check_least(target: str, options: object, **least: int) -> None:
    """Raise BadTarget for the first option that is smaller than is said here of its name."""
    for name, limit in least.items():
        found = getattr(options, name)
        if found < limit:
            raise BadTarget.wrong_option(target, name, found, f"a whole number of at least {limit}")


def check_range(target: str, options: object, name: str, least: int, most: int) -> None:
    """Raise BadTarget, unless the option is a whole number from `least` to `most`."""
    found = getattr(options, name)
    if not least <= found <= most:
        raise BadTarget.wrong_option(target, name, found, f"a whole number from {least} to {most}")


def check_cron(target: str, options: object, *names: str) -> None:
    """Raise BadTarget for the first option that is not cron's five fields."""
    check_forms(target, options, dict.fromkeys(names, (CRON, "cron's five fields, for example '0 3 * * *'")))
