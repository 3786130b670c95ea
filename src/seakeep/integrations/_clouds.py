"""What exports for clouds and KServe have in common: the server's settings as variables, and JSON that people review."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

from seakeep.integrations import _kube as kube

if TYPE_CHECKING:
    from seakeep.pipeline.exports.subject import ReleaseFacts, Subject

_OWN = ("http", "dialects", "role", "version")
"""Settings that an export decides itself."""


def release_of(subject: Subject) -> ReleaseFacts:
    """The release that is exported; the target needs one, so there is."""
    assert subject.release is not None
    return subject.release


def variables(subject: Subject, *, role: str, dialect: str = "") -> dict[str, str]:
    """What a server is told by its environment: the project's [serve] settings, and what this export decides.

    role: "champion" or "challenger". dialect: that is spoken beside V2.
    """
    serve, release = subject.settings.serve, release_of(subject)
    names = [one.name for one in fields(serve) if one.name not in _OWN]
    found = {f"SEAKEEP_SERVE_{name.upper()}": text for name in names if (text := as_variable(getattr(serve, name)))}
    spoken = dict.fromkeys((*serve.dialects, *((dialect,) if dialect else ())))
    found |= {"SEAKEEP_SERVE_DIALECTS": ",".join(spoken)} if spoken else {}
    return found | {
        "SEAKEEP_HOME": kube.HOME,
        "SEAKEEP_SERVE_HTTP": f"0.0.0.0:{kube.PORT}",
        "SEAKEEP_SERVE_ROLE": role,
        "SEAKEEP_SERVE_VERSION": str(release.version),
    }


def description(subject: Subject) -> str:
    """One line for people who meet the release in a cloud's console."""
    release = release_of(subject)
    forced = f" Its verdict is {release.verdict.value}; exported because: {release.forced}" if release.forced else ""
    return f"{release.label} of Seakeep, digest {release.digest[: kube.DIGITS]}.{forced}"


def document(value: object) -> str:
    """A JSON document in the order given."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def as_variable(value: object) -> str:
    """As a variable says it; "" where there is nothing to say."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
