"""Labels that cannot be taken. Raised by `labelling`; none of a request's labels is kept then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.serving.server.refusals.refusal import SHOWN, Refusal, shown

if TYPE_CHECKING:
    from collections.abc import Sequence


class BadLabel(Refusal):
    """A label that is not one, or that says not of what."""

    @classmethod
    def item(cls, number: int, found: object) -> BadLabel:
        return cls(
            "wrong_structure",
            f"labels[{number}] is {shown(found)}, expected an object",
            field=f"labels[{number}]",
            found=found,
            expected='{"prediction_id": "…", "label": …} or {"key": "…", "label": …}',
            fix="Send one object a label.",
        )

    @classmethod
    def whose(cls, number: int, given: Sequence[str]) -> BadLabel:
        return cls(
            "wrong_prediction_id",
            f"labels[{number}] has {' and '.join(given) or 'neither prediction_id nor key'}, expected one of the two",
            field=f"labels[{number}]",
            found=" and ".join(given) or "neither",
            expected="prediction_id or key",
            fix="Send the prediction_id that the answer had, with the row's number: <prediction_id>.0",
        )

    @classmethod
    def prediction_id(cls, number: int, found: object) -> BadLabel:
        text = isinstance(found, str)
        return cls(
            "wrong_prediction_id",
            f"prediction_id of labels[{number}] is {shown(found)}, expected an answer's prediction_id and a row's number",
            field="prediction_id",
            found=found,
            expected="text such as 3f2a90c4d1e7-1b.0",
            cause="The row's number is missing." if text and "." not in str(found) else "",
            fix=f"For the first row of that answer send {str(found)[:SHOWN]}.0"
            if text
            else "Send it as the answer had it.",
        )

    @classmethod
    def keys_left_out(cls, number: int) -> BadLabel:
        return cls(
            "wrong_prediction_id",
            f"labels[{number}] is by a key, and the log of this model keeps no keys",
            field=f"labels[{number}]",
            found="key",
            expected="prediction_id",
            cause="The server leaves keys out of the log (serve.redact), so that no prediction can be found by one.",
            fix="Send the prediction_id that the answer had, with the row's number: <prediction_id>.0",
        )

    @classmethod
    def key(cls, number: int, found: object) -> BadLabel:
        return cls(
            "wrong_prediction_id",
            f"key of labels[{number}] is {shown(found)}, expected a text or a number",
            field="key",
            found=shown(found),
            expected="the key that the request or its row had",
            fix="Send the key, or the prediction_id.",
        )

    @classmethod
    def value(cls, number: int, found: object, expected: str) -> BadLabel:
        return cls(
            "wrong_label",
            f"label of labels[{number}] is {shown(found)}, expected {expected}",
            field="label",
            found=found,
            expected=expected,
            cause="A label must be something that the champion, the release in charge, could have predicted.",
            fix=f"Send {expected}; leave out what has no label yet. A table may bring other classes: seakeep labels.",
        )
