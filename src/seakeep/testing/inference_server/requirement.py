"""Requirement: one sentence of the protocol and the function that holds a server to it. The suites are lists of them.

The function returns what it saw, or raises: Broken, where the server does not do as the sentence says; Unknown, where that could
not be found out; NotOffered, where the sentence does not concern this server. Whatever else it raises is no judgement and is not
caught, but for the failures of a connection, which are Broken: a server that hangs up has not answered.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seakeep.core.report import Check, Verdict

if TYPE_CHECKING:
    from seakeep.core.codec import Json

Severity = Literal["must", "should"]
Held = Callable[[Any], str]
_SHOWN = 200


class Broken(Exception):
    """The server does otherwise."""


class Unknown(Exception):
    """It could not be found out."""


class NotOffered(Exception):
    """The server does not offer what the sentence is about, and need not."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """name: stable, dotted. sentence: of the specification, in our words. source: where it stands. held: judges a server."""

    name: str
    severity: Severity
    sentence: str
    source: str
    held: Held

    def judge(self, server: object) -> Check:
        """What became of it. Raises NotOffered."""
        try:
            return self._check("held", self.held(server))
        except Broken as broken:
            return self._check("broken", str(broken))
        except OSError as error:
            return self._check("broken", f"no answer came: {type(error).__name__}: {error}")
        except Unknown as unknown:
            return self._check("unknown", str(unknown))

    def _check(self, result: str, message: str) -> Check:
        verdict = {"held": Verdict.PASS, "unknown": Verdict.INCONCLUSIVE}.get(result, Verdict.FAIL)
        if verdict is Verdict.FAIL and self.severity == "should":
            verdict = Verdict.INCONCLUSIVE
        evidence: dict[str, Json] = {
            "severity": self.severity,
            "result": result,
            "sentence": self.sentence,
            "source": self.source,
        }
        fix = "" if result == "held" else f"Read {self.source}"
        if result == "unknown":
            fix = "Give a request that the model takes: --example FILE, a JSON list of V2 inputs."
        return Check(
            f"inference_protocol.{self.severity}", self.name, verdict, message[:_SHOWN], fix=fix, evidence=evidence
        )


class Suite:
    """Requirements in their order. Parameters: prefix: of their names. source: where their sentences stand."""

    def __init__(self, prefix: str, source: str) -> None:
        self.prefix, self.source = prefix, source
        self.requirements: list[Requirement] = []

    def must(self, function: Held) -> Held:
        """A decorator: the function's name is the requirement's, and its docstring the sentence."""
        return self._added("must", function)

    def should(self, function: Held) -> Held:
        """As `must`, of what the protocol recommends or says by example."""
        return self._added("should", function)

    def _added(self, severity: Severity, function: Held) -> Held:
        sentence = " ".join((function.__doc__ or "").split())
        name = f"{self.prefix}.{function.__name__}"
        self.requirements.append(Requirement(name, severity, sentence, self.source, function))
        return function


def hold(held: object, message: str) -> None:
    """Raise Broken with this message, unless it is held."""
    if not held:
        raise Broken(message)
