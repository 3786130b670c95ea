"""Refusals of the control server: every way in which a call can be wrong, with its status, its code and its words.

They are answered as the model server answers its own: {"error", "code", "field", "found", "expected", "fix", "cause"}. Whatever a
client sent is shortened before it is said back, and nothing of a token is ever told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import nearest
from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, kind_of, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.rollout import Party

CODES = {
    "unknown_path": (404, "There is nothing at this path."),
    "wrong_method": (405, "The path takes another method."),
    "unknown_rollout": (404, "Another name than the one that is served, or it never had a rollout."),
    "another_release": (
        409,
        "`release` or `version` names another release than the rollout lets in, or that one was displaced since.",
    ),
    "wrong_query": (400, "A parameter of the query is unknown, doubled, or not what it should be."),
    "gate_closed": (403, "A question of Flagger's is answered with no."),
    "no_token": (401, "The call needs a token, and brought none or a wrong one."),
    "wrong_scope": (403, "The token may not do this."),
    "no_length": (411, "A body came without Content-Length."),
    "body_too_large": (413, "The body is larger than 1 MiB."),
    "body_too_slow": (408, "The request did not arrive within 10 seconds."),
    "head_too_large": (431, "The first line and headers are larger than 16 KiB."),
    "not_http": (400, "What arrived is no request of HTTP."),
    "wrong_content_type": (415, "The body is not application/json."),
    "malformed_json": (400, "The body is not JSON in UTF-8."),
    "wrong_structure": (400, "The JSON is not what the platform is known to send."),
    "too_old": (400, "An alert that is not known began more than a week ago."),
    "too_new": (400, "An alert began later than five minutes from now."),
    "registry_unreadable": (503, "The registry cannot be read or written now."),
    "too_busy": (503, "As many calls as can be are being answered."),
    "broken": (500, "The server itself broke; its standard error says how."),
}
"""Every code: its status, and when it is given."""


class Refused(Refusal):
    """A call that is not answered as asked."""

    @classmethod
    def of(cls, code: str, sentence: str, **told: str) -> Refused:
        """A refusal by its code, with the status of CODES."""
        return cls(code, sentence, status=CODES[code][0], **told)  # type: ignore[arg-type]

    @classmethod
    def path(cls, path: str, known: Sequence[str]) -> Refused:
        near = nearest(path[:200], known)
        return cls.of(
            "unknown_path",
            f"there is nothing at {shown(path)}",
            field="path",
            found=path[:SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Did you mean {near}?" if near else "GET /rollouts/NAME/verdict is what controllers ask.",
        )

    @classmethod
    def method(cls, method: str, allow: str, path: str) -> Refused:
        made = cls.of(
            "wrong_method",
            f"{path[:SHOWN]} does not take {method[:20]}",
            field="method",
            found=method[:20],
            expected=allow,
            fix=f"Use {allow}.",
        )
        made.allow = allow
        return made

    @classmethod
    def other_name(cls, name: str, served: str) -> Refused:
        return cls.of(
            "unknown_rollout",
            f"rollouts of {shown(name)} are not served here",
            field="name",
            found=name[:SHOWN],
            expected=served,
            fix=f"Ask for /rollouts/{served}/verdict, or start another server: seakeep rollout serve NAME --http HOST:PORT",
        )

    @classmethod
    def no_rollout(cls, name: str) -> Refused:
        return cls.of(
            "unknown_rollout",
            f"there is no rollout of {name} yet",
            field="name",
            found=name,
            expected="a name whose rollout was started",
            cause="A canary was deployed before its rollout was put on record, so there is nothing to judge it by.",
            fix=f"seakeep rollout start {name} --plan external",
        )

    @classmethod
    def another(cls, field: str, found: str, name: str, party: Party) -> Refused:
        return cls.of(
            "another_release",
            f"the rollout of {name} lets in {name}@{party.version} ({party.release[:12]}), not {field} {shown(found)}",
            field=field,
            found=found[:SHOWN],
            expected=str(party.version) if field == "version" else party.release[:12],
            cause="The canary that asks is not the one on record: its rollout was not started yet, or a later one was.",
            fix=f"seakeep rollout start {name} --plan external --release {name}@VERSION",
        )

    @classmethod
    def displaced(cls, name: str, party: Party) -> Refused:
        return cls.of(
            "another_release",
            f"{name}@{party.version} was let in by its rollout, and another release was put in charge since",
            field="release",
            found=party.release[:12],
            expected="a release whose verdict still holds",
            cause="Somebody went back, or promoted another one: what was found then is no leave to let it in again.",
            fix=f"seakeep rollout start {name} --plan external --release {name}@{party.version}",
        )

    @classmethod
    def query(cls, field: str, found: str, expected: str) -> Refused:
        return cls.of(
            "wrong_query",
            f"the parameter {shown(field)} is {shown(found)}, expected {expected}",
            field=field[:SHOWN],
            found=found[:SHOWN],
            expected=expected,
            fix="Write for example ?version=3 or ?release=0123456789ab, or neither.",
        )

    @classmethod
    def closed(cls, gate: str, told: str) -> Refused:
        return cls.of(
            "gate_closed",
            told,
            field="gate",
            found=gate,
            expected="a rollout of which the answer is yes",
            fix="Wait: Flagger asks again at its next interval.",
        )

    @classmethod
    def token(cls, *, brought: bool, known: bool) -> Refused:
        cause = "" if known else "This server listens beyond this machine and was given no token to compare with."
        return cls.of(
            "no_token",
            "the bearer token is not the right one" if brought else "the call brings no bearer token",
            field="Authorization",
            found="another token" if brought else "nothing",
            expected="Bearer and the token",
            cause=cause,
            fix="Set SEAKEEP_WEBHOOK_TOKEN_FILE for the server, and http_config.authorization for Alertmanager.",
        )

    @classmethod
    def scope(cls, needed: str, held: Sequence[str]) -> Refused:
        return cls.of(
            "wrong_scope",
            f"the token may not do this: it lacks the scope {needed}",
            field="Authorization",
            found=", ".join(held),
            expected=needed,
            fix=f"Use a token of that scope: seakeep tokens add NAME --scope {needed}",
        )

    @classmethod
    def length(cls) -> Refused:
        return cls.of(
            "no_length",
            "the body comes without its length",
            field="Content-Length",
            found="none",
            expected="a whole number of bytes",
            fix="Send Content-Length, not chunks.",
        )

    @classmethod
    def large(cls, found: int, limit: int) -> Refused:
        return cls.of(
            "body_too_large",
            f"the body has {found} bytes, more than {limit}",
            field="body",
            found=f"{found} bytes",
            expected=f"at most {limit} bytes",
            cause="Alertmanager sends one group in one call.",
            fix="Lower max_alerts of the receiver, or group by more labels.",
        )

    @classmethod
    def slow(cls, seconds: float) -> Refused:
        return cls.of(
            "body_too_slow",
            f"the request did not arrive within {seconds:g} seconds",
            field="body",
            found="a part of it",
            expected="as many bytes as Content-Length states",
            fix="Check the length that is sent.",
        )

    @classmethod
    def head(cls, limit: int) -> Refused:
        return cls.of(
            "head_too_large",
            f"the first line and headers are larger than {limit} bytes",
            field="headers",
            found=f"more than {limit} bytes",
            expected=f"at most {limit} bytes",
            fix="Send fewer or shorter headers.",
        )

    @classmethod
    def http(cls, cause: str) -> Refused:
        return cls.of(
            "not_http",
            "what arrived is no request of HTTP",
            field="request",
            found=cause[:SHOWN],
            expected="HTTP/1.1",
            fix="Ask with an HTTP client, without TLS: curl http://HOST:PORT/healthz",
        )

    @classmethod
    def content_type(cls, found: str) -> Refused:
        return cls.of(
            "wrong_content_type",
            f"the body's Content-Type is {shown(found)}",
            field="Content-Type",
            found=found[:SHOWN],
            expected="application/json",
            fix="Send the header Content-Type: application/json.",
        )

    @classmethod
    def json(cls, cause: str) -> Refused:
        return cls.of(
            "malformed_json",
            "the body is not JSON in UTF-8",
            field="body",
            found=cause[:SHOWN],
            expected="a JSON object",
            fix="Check what is sent: python -m json.tool FILE",
        )

    @classmethod
    def structure(cls, field: str, found: object, expected: str) -> Refused:
        told = shown(found) if isinstance(found, str | int | float | bool) else kind_of(found)
        return cls.of(
            "wrong_structure",
            f"{field} is {told}, expected {expected}",
            field=field,
            found=told,
            expected=expected,
            fix="Send what Alertmanager's webhook_config sends (version 4), or Flagger's webhooks.",
        )

    @classmethod
    def age(cls, field: str, found: str, *, future: bool) -> Refused:
        return cls.of(
            "too_new" if future else "too_old",
            f"{field} is {shown(found)}, {'later than five minutes from now' if future else 'more than a week ago'}",
            field=field,
            found=found[:SHOWN],
            expected="a time of the last week" if not future else "a time that has come",
            cause="The clock of one of the two machines is wrong." if future else "It is an old message, sent again.",
            fix="Compare the clocks: date -u",
        )

    @classmethod
    def busy(cls) -> Refused:
        return cls.of(
            "too_busy",
            "as many calls as can be are being answered",
            field="connection",
            found="too many",
            expected="fewer at a time",
            fix="Ask again in a second.",
        )

    @classmethod
    def registry(cls, found: str) -> Refused:
        return cls.of(
            "registry_unreadable",
            "the registry cannot be used now",
            field="registry",
            found=found[:SHOWN],
            expected="a registry that can be read",
            cause=found[:400],
            fix="Ask again; what went wrong stands on the server's standard error.",
        )

    @classmethod
    def broken(cls) -> Refused:
        return cls.of(
            "broken",
            "the server broke while it answered",
            field="",
            found="",
            expected="",
            fix="See the server's standard error.",
        )
