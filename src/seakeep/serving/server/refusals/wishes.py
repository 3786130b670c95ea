"""Wishes beside a prediction that a release cannot fulfil, or that cannot be read: how sure it is, and why."""

from __future__ import annotations

from seakeep.serving.server.refusals.refusal import Refusal, shown


class BadWish(Refusal):
    """An interval or an explanation that cannot be had as it is asked for."""

    @classmethod
    def interval(cls, found: object) -> BadWish:
        return cls(
            "wrong_interval",
            f"parameters.interval is {shown(found)}, expected a share from 0.5 to below 1",
            field="parameters.interval",
            found=found,
            expected="a share from 0.5 to below 1",
            cause="The interval holds the truth with this probability; shares are not percents.",
            fix='Send "parameters": {"interval": 0.9} for 90 %.',
        )

    @classmethod
    def level_too_high(cls, found: float, most: float) -> BadWish:
        return cls(
            "wrong_interval",
            f"parameters.interval is {found}, and this release's evaluation had rows enough for {most} at most",
            field="parameters.interval",
            found=found,
            expected=f"at most {most}",
            cause="A level of 1 - 1/n takes n rows to tell.",
            fix=f"Ask for {most}, or evaluate on more rows.",
        )

    @classmethod
    def not_calibrated(cls, model: str, version: str) -> BadWish:
        return cls(
            "not_calibrated",
            f"the release {model}@{version} has no distances to make intervals of",
            field="parameters.interval",
            found="an interval is asked for",
            expected="no interval",
            cause="It was evaluated by a version of Seakeep that did not measure them, or it is served without its evaluation.",
            fix='Leave "interval" out, or evaluate and register the model again (seakeep run) and serve that release.',
        )

    @classmethod
    def samples(cls, found: object, most: int) -> BadWish:
        return cls(
            "wrong_samples",
            f"parameters.samples is {shown(found)}, expected a whole number from 2 to {most}",
            field="parameters.samples",
            found=found,
            expected=f"a whole number from 2 to {most}",
            cause="So many orders of the inputs are drawn, each with its reverse; four times as many halve the error.",
            fix='Leave it out, or send "parameters": {"samples": 256}.',
        )

    @classmethod
    def no_baseline(cls, model: str, version: str) -> BadWish:
        return cls(
            "no_baseline",
            f"the release {model}@{version} has no training statistics to explain against",
            field="model",
            found="no statistics of the model's inputs",
            expected="the statistics that training keeps",
            cause="Contributions are told against a row typical of training, which the statistics know.",
            fix="Train and register the model again (seakeep run), and serve that release.",
        )

    @classmethod
    def too_many_rows(cls, rows: int, limit: int) -> BadWish:
        return cls(
            "too_many_rows",
            f"an explanation of {rows} rows is asked for, more than the limit of {limit}",
            status=413,
            field="rows",
            found=f"{rows} rows",
            expected=f"at most {limit} rows",
            cause="Each row takes up to thousands of runs of the model.",
            fix="Send several requests; for a whole table's importance see the release's evaluation: seakeep show.",
        )
