"""Bodies that cannot be read, or have another form than a request has. Raised by `careful` and by what reads labels.

The place in the body is told as exactly as the reader knows it, since a person has to find it there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import nearest
from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, kind_of, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class BadBody(Refusal):
    """A body that is not JSON, or not of the expected form."""

    @classmethod
    def malformed(cls, problem: str, body: bytes, at: int | None) -> BadBody:
        place, near = "", ""
        if at is not None:
            line, column = body.count(b"\n", 0, at) + 1, at - body.rfind(b"\n", 0, at)
            place = f" at line {line}, column {column}"
            near = body[max(0, at - 20) : at + 20].decode("utf-8", "replace")
        special = near if any(word in near for word in ("NaN", "Infinity")) else ""
        return cls(
            "malformed_json",
            f"the body is not JSON: {problem}{place}",
            field="body",
            found=near,
            expected="JSON text (RFC 8259)",
            cause="NaN and Infinity are not JSON." if special else "",
            fix="Send null for a missing value." if special else "Check it with: python -m json.tool < body.json",
        )

    @classmethod
    def not_a_message(cls, body: bytes) -> BadBody:
        return cls(
            "malformed_protobuf",
            f"the {len(body)} bytes are no message that this call takes",
            field="body",
            found=body[:16].hex(" "),
            expected="a ModelInferRequest of the Open Inference Protocol, texts in UTF-8",
            cause="The message was cut, made by another .proto file, or has text that is not UTF-8.",
            fix="Make the client's stubs from the protocol's own open_inference_grpc.proto.",
        )

    @classmethod
    def packed(cls, encoding: str, problem: str) -> BadBody:
        return cls(
            "malformed_encoding",
            f"the body is not what its Content-Encoding says, {encoding}: {problem[:SHOWN]}",
            field="body",
            found=problem[:SHOWN],
            expected=f"a whole body in {encoding}",
            fix="Send it whole, or leave the header Content-Encoding out of a body that is not packed.",
        )

    @classmethod
    def not_utf8(cls, body: bytes, at: int, reason: str, *, form: str = "JSON text") -> BadBody:
        return cls(
            "not_utf8",
            f"the body is not UTF-8: {reason} at byte {at}",
            field="body",
            found=body[at : at + 4].hex(" "),
            expected=f"{form} in UTF-8",
            fix="Encode the body as UTF-8.",
        )

    @classmethod
    def empty(cls) -> BadBody:
        return cls(
            "empty_body",
            "the body is empty",
            field="body",
            found="0 bytes",
            expected='a JSON object with "inputs" or "rows"',
            fix="""Send one: curl -H 'Content-Type: application/json' -d '{"rows": [{…}]}' …""",
        )

    @classmethod
    def too_deep(cls) -> BadBody:
        return cls(
            "too_deep",
            "the body is nested too deeply",
            field="body",
            found="hundreds of nested arrays or objects",
            expected="at most some ten levels",
            fix="Send tensors as flat arrays.",
        )

    @classmethod
    def out_of_range(cls, path: str) -> BadBody:
        return cls(
            "number_out_of_range",
            f"the number at {path} is beyond what a double or a 64-bit integer holds",
            field=path,
            found="a number with more digits or a larger exponent",
            expected="an absolute value up to 1.8e308; integers from -2^63 to 2^63-1",
            fix="Send null for a missing value.",
        )

    @classmethod
    def structure(cls, field: str, found: object, expected: str) -> BadBody:
        return cls(
            "wrong_structure",
            f"{field} is {kind_of(found)}, expected {expected}",
            field=field,
            found=found,
            expected=expected,
            fix="The form is that of the Open Inference Protocol V2, or rows; GET the model's path for its inputs.",
        )

    @classmethod
    def unknown_member(cls, where: str, name: str, known: Sequence[str]) -> BadBody:
        near = nearest(name[:SHOWN], known)
        return cls(
            "unknown_member",
            f"{where} has a member {shown(name)}, which is not known",
            field=name[:SHOWN],
            found=name[:SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Rename it to {near!r}." if near else "Leave it out.",
        )

    @classmethod
    def missing_member(cls, where: str, name: str, expected: str) -> BadBody:
        return cls(
            "missing_member",
            f"{where} lacks {name!r}",
            field=name,
            found="nothing",
            expected=expected,
            fix=f"Add {name!r}: {expected}.",
        )

    @classmethod
    def several_forms(cls, given: Sequence[str]) -> BadBody:
        named = " and ".join(f'"{name}"' for name in given)
        return cls(
            "wrong_structure",
            f"the body has both {named}, expected one of them",
            field=given[-1],
            found=" and ".join(given),
            expected='"inputs" (tensors), "rows" (objects) or "columns" (arrays by name)',
            fix="Send two requests.",
        )

    @classmethod
    def neither_form(cls) -> BadBody:
        return cls(
            "missing_member",
            'the body has neither "inputs" nor "rows" nor "columns"',
            field="inputs",
            found="neither",
            expected='"inputs" (tensors of the Open Inference Protocol V2), "rows" (objects) or "columns" (arrays by name)',
            fix='Send {"rows": [{"column": value, …}]}.',
        )
