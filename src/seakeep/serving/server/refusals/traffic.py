"""Calls that come when there is no time for them: too many at once, too late, or with an urgency that cannot be read."""

from __future__ import annotations

from seakeep.serving.server.refusals.refusal import Refusal, shown


class Pressed(Refusal):
    """A call for which there is no time."""

    @classmethod
    def busy(cls, target_ms: float, retry_seconds: float = 1.0) -> Pressed:
        return cls(
            "too_busy",
            f"the server is busy: this answer would take longer than {target_ms:g} ms",
            status=429,
            found="more requests than can be answered in time",
            expected="an answer within serve.latency_target_ms",
            fix="Ask again after the seconds of Retry-After, and wait for twice as long each time.",
            retry_seconds=retry_seconds,
        )

    @classmethod
    def crowded(cls, model: str, most: int) -> Pressed:
        return cls(
            "too_busy",
            f"{most} requests of {model!r} are under way, and no more are taken",
            status=429,
            found=f"{most} requests under way in this worker",
            expected="fewer than serve.concurrency",
            fix="Ask again after the seconds of Retry-After, send more rows in a request, or serve with more workers.",
            retry_seconds=1.0,
        )

    @classmethod
    def full(cls, most: int) -> Pressed:
        return cls(
            "too_busy",
            f"large messages have {most} bytes of this worker's memory already, and no more are taken",
            status=429,
            found=f"messages of {most} bytes under way",
            expected="fewer large messages at once",
            fix="Ask again after the seconds of Retry-After, send fewer rows in a call, or serve with more workers.",
            retry_seconds=1.0,
        )

    @classmethod
    def late(cls, field: str = "timeout") -> Pressed:
        return cls(
            "too_late",
            "the answer would come after the time that the request gives it",
            status=504,
            field=field,
            found="less time than the answer takes",
            expected="time to read the request and to run the model",
            fix="Give it longer (seakeep-timeout-ms, or the parameter timeout in microseconds), or send fewer rows.",
        )

    @classmethod
    def timeout(cls, field: str, found: object, unit: str) -> Pressed:
        return cls(
            "wrong_timeout",
            f"{field} is {shown(found)}, expected {unit}, more than 0",
            field=field,
            found=found,
            expected=f"{unit}, more than 0",
            fix=f"Send {unit} as a number, or leave {field} out to wait for as long as it takes.",
        )

    @classmethod
    def priority(cls, field: str, found: object) -> Pressed:
        return cls(
            "wrong_priority",
            f"{field} is {shown(found)}, expected 1, 2 or 3",
            field=field,
            found=found,
            expected="1 (first), 2 or 0 (as others), or 3 (last)",
            fix=f"Send one of them, or leave {field} out.",
        )
