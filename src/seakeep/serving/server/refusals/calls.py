"""Calls that HTTP itself could tell to be wrong: path, method, headers, size and patience. Raised before a body is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.core.errors import nearest
from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class BadCall(Refusal):
    """A call that does not reach a model, or brings what no body may be."""

    @classmethod
    def too_large(cls, found: int | None, limit: int) -> BadCall:
        size = "more" if found is None else f"{found} bytes, more"
        return cls(
            "body_too_large",
            f"the body has {size} than the limit of {limit} bytes",
            status=413,
            field="body",
            found=f"more than {limit} bytes" if found is None else f"{found} bytes",
            expected=f"at most {limit} bytes",
            fix="Send several requests, score a table with seakeep score, or raise serve.max_body_mb in seakeep.toml.",
        )

    @classmethod
    def too_slow(cls, seconds: float) -> BadCall:
        return cls(
            "body_too_slow",
            f"the body did not arrive within {seconds:g} seconds",
            status=408,
            field="body",
            found="a part of it",
            expected="as many bytes as Content-Length states, or the last chunk",
            fix="Check the length that is sent, send less at once, or serve with a larger read_seconds.",
        )

    @classmethod
    def content_type(cls, found: str, known: Sequence[str] = ("application/json",)) -> BadCall:
        return cls(
            "wrong_content_type",
            f"the body's Content-Type is {shown(found)}",
            status=415,
            field="Content-Type",
            found=found[:SHOWN],
            expected=f"{' or '.join(known)}, in UTF-8",
            fix=f"Send the header Content-Type: {known[0]}.",
        )

    @classmethod
    def content_encoding(cls, found: str, known: Sequence[str]) -> BadCall:
        return cls(
            "wrong_content_type",
            f"the body's Content-Encoding is {shown(found)}",
            status=415,
            field="Content-Encoding",
            found=found[:SHOWN],
            expected=f"{', '.join(known)}, or no Content-Encoding",
            cause="Zstandard needs Python 3.14 or the package zstandard." if "zstd" in found.lower() else "",
            fix=f"Pack it once with {known[0]}, or send it as it is.",
        )

    @classmethod
    def method(cls, found: str, allow: str, path: str) -> BadCall:
        return cls(
            "wrong_method",
            f"{path[:SHOWN]} does not take {found[:20]}",
            status=405,
            field="method",
            found=found[:20],
            expected=allow,
            fix=f"Use {allow.split(',', maxsplit=1)[0]}.",
            allow=allow,
        )

    @classmethod
    def unknown_path(cls, path: str, known: Iterable[str]) -> BadCall:
        known = list(known)
        near = nearest(path[:200], known)
        return cls(
            "unknown_path",
            f"there is nothing at {shown(path)}",
            status=404,
            field="path",
            found=path[:SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Did you mean {near}?" if near else "GET /v2 says what is served.",
        )

    @classmethod
    def unknown_model(cls, name: str, known: Sequence[str]) -> BadCall:
        near = nearest(name[:200], known)
        return cls(
            "unknown_model",
            f"there is no model {shown(name)}",
            status=404,
            field="model",
            found=name[:SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Did you mean {near!r}?" if near else f"Serve it with: seakeep serve {name[:SHOWN]}",
        )

    @classmethod
    def unknown_version(cls, model: str, version: str, known: Sequence[str]) -> BadCall:
        return cls(
            "unknown_version",
            f"the model {model!r} has no version {shown(version)} here",
            status=404,
            field="version",
            found=version[:SHOWN],
            expected="one of " + ", ".join(known),
            fix=f"Use one of them, or leave the version out: /v2/models/{model}/infer",
        )
