"""What a rollout looks at: the prediction log's rows since the last look, as counts and losses per arm.

Looks lie on a grid of equal windows from the rollout's beginning, so that whoever reads the log, however late and however often
killed, sees the same looks. A request belongs to the window in which it was answered, not in which it arrived: a request that
hangs is on the disk only when it is over, and would be missed by whoever had passed its arrival. A label counts when it
arrives, and once: one that corrects an earlier one changes nothing here. One that is a class of neither release is no evidence.
Where a platform deals out the requests (plan "external") arms are told apart by the release that answered, whatever its server
took itself for, and there is no route whose revision says which shares were in force. What is compared there is what arrived
within the same STRATUM: its shares change by the minute and not by the second, while labels of a whole day may come at once.
Releases that write one class in different ways (True, 1, "True") are compared by the form that all share, see prediction_log.classes.

A request is one unit of evidence however many rows it has, since its rows fail or wait together, and what is hard to predict in
one is hard in its neighbours: their losses count as one, their mean. What the shares deal out are keys, so the split is judged
by keys seen for the first time; a request without a key is dealt out by itself.

Where requests are sampled, as many are kept of an arm with a small share as of one with a large share, and as many of a quiet minute
as of a busy one. Each look thins both arms to one probability, so that it sees a plain random sample of what it looks at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from seakeep.core import Task
from seakeep.core.moments import microseconds, moment
from seakeep.prediction_log import columns as names
from seakeep.prediction_log import snapshot
from seakeep.prediction_log.classes import Classes, meant
from seakeep.prediction_log.joining import Known
from seakeep.prediction_log.rows import rows as rows_of
from seakeep.prediction_log.snapshot import Snapshot, Window
from seakeep.prediction_log.thinning import evened_by
from seakeep.rollout import Look, Stratum, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seakeep.prediction_log import PredictionLog
    from seakeep.rollout import Rollout

LONGEST_REQUEST = 600_000_000
"""Microseconds before a window in which the arrival of a request that it answered is looked for."""
ENOUGH_KEYS = 50_000
"""A split that has dealt out so many keys within one step is not looked at again, so that no day's keys are kept."""
CONTRACT = (
    *("unknown_input", "not_an_input", "missing_input", "wrong_datatype", "wrong_shape", "wrong_value"),
    *("missing_value", "outside_domain", "reserved_value", "broken_rule", "not_calibrated"),
)
"""Refusals that rest on a release's contract. Every other one would have met any release, and says nothing about this one."""
STRATUM = 300_000_000
"""Microseconds: requests that arrived within so long of each other are compared where no revision says what the shares were."""
DIFFERENT = 0.1
"""Of the loss's range: two numbers that differ by more are different answers."""
_CHAMPION, _CHALLENGER = "champion", "challenger"
_EMPTY = pl.DataFrame()
_UNIT = pl.coalesce(names.DEALT, names.KEY)
"""By what a request was dealt to an arm: the key that it named, else that of its first row."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A stretch of the log, ready to be cut into looks. Every frame has the columns `end` (microseconds) and `revision`.

    taken: the log at the moment of reading. requests: arm, error, latency, copied, new (whether its key was not seen before).
    pairs: differs. losses: arm, loss.
    """

    taken: Snapshot
    requests: pl.DataFrame
    pairs: pl.DataFrame
    losses: pl.DataFrame

    @property
    def is_quiet(self) -> bool:
        """Whether nothing happened in the whole stretch, so that all its looks are the same."""
        return not (self.requests.height or self.pairs.height or self.losses.height)

    def look(self, rollout: Rollout, *, end: int, revision: int) -> Look:
        """The window that ends at `end`. revision: of the route of the present step."""
        requests, losses = _at(self.requests, end), _at(self.losses, end)
        pairs = _at(self.pairs, end)
        pairs = pairs.filter(pl.col("revision") == revision) if pairs.height else pairs
        found = {int(each) for frame in (requests, losses) if frame.height for each in frame["revision"].unique()}
        return Look(
            tuple(
                _stratum(rollout, requests, losses, each, present=rollout.plan.is_external or each == revision)
                for each in sorted(found)
            ),
            copies=pairs.height,
            disagreements=int(pairs["differs"].sum()) if pairs.height else 0,
            champion_p99_ms=self._slowest(rollout, end) if rollout.evidence.slow_ms is None else None,
        )

    def _slowest(self, rollout: Rollout, end: int) -> float | None:
        """99th percentile of the champion's latencies since the rollout began; None where it has answered nothing."""
        rows = _rows(self.taken, rollout, since=microseconds(rollout.began), until=end)
        champion = rows.filter(pl.col("arm") == _CHAMPION, ~pl.col("error"))
        found = champion.select(pl.col("latency").quantile(0.99, "higher")).collect().item()
        return None if found is None else float(found)


def see(
    log: PredictionLog, rollout: Rollout, *, since: int, until: int, width: int, task: Task, same_contract: bool
) -> Seen:
    """Everything that was answered or labelled in [since, until), microseconds, cut into windows of `width` from `since`.

    task: of the model. same_contract: whether both releases let in the same requests; then no refusal is an error. Reads the
    stretch's rows, and of the rows before it the keys, and those whose label came now.
    """
    log.convert(wait=False)  # finished spools are read once, and not at every look
    both = (rollout.champion.release, rollout.challenger.release)
    taken = snapshot.take(log.layout, Window(moment(microseconds(rollout.began)), moment(until), both))
    end = since + ((pl.col("done") - since) // width + 1) * width
    rows = _rows(taken, rollout, since=since, until=until, judged=() if same_contract else CONTRACT)
    requests = _even(rows.with_columns(end=end).sort("done", "request").collect())
    return Seen(
        taken,
        _with_new(requests, taken, rollout, since=since),
        _even(_pairs(taken, rollout, since=since, until=until, task=task).with_columns(end=end).collect()),
        _even(
            _by_request(_losses(taken, rollout, since=since, until=until, task=task).with_columns(end=end)).collect()
        ),
    )


def _even(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows of each look as if all its requests had been kept with one probability."""
    return evened_by(frame, "end", request="request", probability="sampled")


def _by_request(losses: pl.LazyFrame) -> pl.LazyFrame:
    """The mean loss of each request's rows that were labelled in one window, in the order in which their labels came."""
    one = losses.group_by("end", "arm", "request").agg(
        pl.col("revision", "sampled").first(), pl.col("done", "loss").mean()
    )
    return one.sort("done", "request")


def _at(frame: pl.DataFrame, end: int) -> pl.DataFrame:
    return frame.filter(pl.col("end") == end) if frame.height else _EMPTY


def _stratum(
    rollout: Rollout, requests: pl.DataFrame, losses: pl.DataFrame, revision: int, *, present: bool
) -> Stratum:
    champion, challenger = (_tally(rollout, requests, losses, revision, arm) for arm in (_CHAMPION, _CHALLENGER))
    return Stratum(champion, challenger, present=present)


def _tally(rollout: Rollout, requests: pl.DataFrame, losses: pl.DataFrame, revision: int, arm: str) -> Tally:
    mine = (pl.col("arm") == arm) & (pl.col("revision") == revision)
    values = tuple(losses.filter(mine)["loss"].to_list()) if losses.height else ()
    if not requests.height:
        return Tally(losses=values)
    found = requests.filter(mine)
    timed = found.filter(~pl.col("error"), ~pl.col("copied"))
    slow = 0 if rollout.evidence.slow_ms is None else int((timed["latency"] > rollout.evidence.slow_ms).sum())
    enough = sum(rollout.evidence.units) >= ENOUGH_KEYS
    return Tally(
        requests=found.height,
        errors=int(found["error"].sum()),
        timed=timed.height,
        slow=slow,
        units=0 if enough else int(found["new"].sum()),
        losses=values,
    )


def _scan(
    taken: Snapshot, rollout: Rollout, *, since: int, until: int, labels: pl.DataFrame | None = None
) -> pl.LazyFrame:
    """Rows of both releases that arrived in [since, until), never before the rollout, each with its arm and request."""
    champion, challenger = _arms(rollout)
    both = (rollout.champion.release, rollout.challenger.release)
    window = Window(
        moment(max(since, microseconds(rollout.began))), moment(until), both, ("champion", "challenger", "shadow")
    )
    known = None if labels is None else Known.of(labels, taken.headers.values())
    scanned = rows_of(taken, window, known, shared=True)
    arm = pl.when(champion).then(pl.lit(_CHAMPION)).when(challenger).then(pl.lit(_CHALLENGER))
    waited = (pl.col(names.LATENCY).cast(pl.Float64).fill_nan(0).fill_null(0) * 1000).round().cast(pl.Int64)
    return scanned.with_columns(
        arm=arm,
        request=pl.col(names.ID).str.replace(r"\.\d+$", ""),
        revision=_revision(rollout),
        answered=pl.col(names.OUTCOME) == "answered",
        sampled=pl.col(names.SAMPLED).fill_null(1.0),
        done=pl.col(names.TIME).dt.epoch("us") + waited,
    ).filter(pl.col("arm").is_not_null())


def _arms(rollout: Rollout) -> tuple[pl.Expr, pl.Expr]:
    """Which rows are the champion's, and which the challenger's."""
    role = pl.col(names.ROLE)
    champion, challenger = (pl.col(names.RELEASE) == each.release for each in (rollout.champion, rollout.challenger))
    if rollout.plan.is_external:
        dealt = role.is_in(["champion", "challenger"])
        return champion & dealt, challenger & dealt
    return champion & (role == "champion"), challenger & role.is_in(["challenger", "shadow"])


def _revision(rollout: Rollout) -> pl.Expr:
    """The stratum of a row: its route's revision, or which stretch it arrived in where others deal out the requests."""
    if rollout.plan.is_external:
        return (pl.col(names.TIME).dt.epoch("us") - microseconds(rollout.began)) // STRATUM
    return pl.col(names.REVISION)


def _rows(taken: Snapshot, rollout: Rollout, *, since: int, until: int, judged: Sequence[str] = ()) -> pl.LazyFrame:
    """Requests answered or failed in [since, until), or refused for one of the reasons `judged`: one row each and arm."""
    scanned = _scan(taken, rollout, since=since - LONGEST_REQUEST, until=until)
    refused = pl.col(names.OUTCOME) == "refused"
    counted = ~refused | pl.col(names.REASON).is_in(list(judged)).fill_null(value=False)
    within = scanned.filter(pl.col("done") >= since, pl.col("done") < until, counted)
    return within.group_by("request", "arm").agg(
        pl.col("revision", "done", "sampled").first(),
        key=_UNIT.first(),
        error=~pl.col("answered").all(),
        latency=pl.col(names.LATENCY).max(),
        copied=(pl.col(names.ROLE) == "shadow").any(),
    )


def _with_new(requests: pl.DataFrame, taken: Snapshot, rollout: Rollout, *, since: int) -> pl.DataFrame:
    """The requests with `new`: whether their key, or a request without one, is met for the first time since keys are dealt out.

    Servers follow a route within a second or so: what they still answered on the route before was not dealt out.
    """
    keyless = pl.col("key").is_null()
    enough = sum(rollout.evidence.units) >= ENOUGH_KEYS
    split = [each.at for each in rollout.decisions if each.after in ("canary", "experiment")]
    if enough or not split or requests["key"].null_count() == requests.height:
        return requests.with_columns(new=keyless)
    before = _scan(taken, rollout, since=microseconds(min(split)), until=since).filter(pl.col("done") < since)
    first_rows = before.filter(pl.col(names.ID).str.ends_with(".0"))
    earlier = first_rows.select(names.ROLE, "revision", key=_UNIT).collect()
    dealt = earlier.filter(pl.col(names.ROLE) == "challenger")["revision"].to_list()
    dealt += requests.filter(pl.col("arm") == _CHALLENGER, ~pl.col("copied"))["revision"].to_list()
    on_split = pl.col("revision") >= min(dealt, default=2**62)
    met = earlier.filter(on_split)["key"].drop_nulls().unique()
    first = (
        on_split & pl.struct("key", on_split.alias("dealt")).is_first_distinct() & ~pl.col("key").is_in(met.implode())
    )
    return requests.with_columns(new=keyless | first.fill_null(value=False))


def _pairs(taken: Snapshot, rollout: Rollout, *, since: int, until: int, task: Task) -> pl.LazyFrame:
    """Requests that both arms answered, the later of the two in [since, until): one row each."""
    rows = _scan(taken, rollout, since=since - LONGEST_REQUEST, until=until).filter("answered")
    champion = rows.filter(pl.col("arm") == _CHAMPION).select(names.ID, names.PREDICTION, "done", "sampled")
    shadow = rows.filter(pl.col(names.ROLE) == "shadow")
    told, other = pl.col(names.PREDICTION), pl.col(f"{names.PREDICTION}_right")
    limit = DIFFERENT * (rollout.plan.rules.loss_range or 1.0)
    differs = (told - other).abs() > limit if task is Task.REGRESSION else told.ne_missing(other)
    joined = shadow.join(champion, on=names.ID).with_columns(
        done=pl.max_horizontal("done", "done_right"), sampled=pl.min_horizontal("sampled", "sampled_right")
    )
    within = joined.filter(pl.col("done") >= since, pl.col("done") < until)
    return within.group_by("request").agg(pl.col("revision", "done", "sampled").first(), differs=differs.any())


def _losses(taken: Snapshot, rollout: Rollout, *, since: int, until: int, task: Task) -> pl.LazyFrame:
    """Predictions whose first label arrived in [since, until), with their loss in [0, 1]."""
    labels = _understood(taken, rollout)
    rows = _scan(taken, rollout, since=0, until=until, labels=labels).filter(
        "answered", pl.col(names.LABEL).is_not_null(), pl.col(names.PREDICTION).is_not_null()
    )
    arrived = pl.col(names.LABELLED).dt.epoch("us")
    now = rows.with_columns(done=arrived).filter(pl.col("done") >= since, pl.col("done") < until)
    earlier = labels.lazy().filter(arrived < since)
    by_id = earlier.filter(pl.col(names.ID).is_not_null()).select(names.ID)
    by_key = earlier.drop_nulls(names.KEY).group_by(names.KEY).agg(before=pl.col(names.LABELLED).max())
    fresh = now.join(by_id, on=names.ID, how="anti").join(by_key, on=names.KEY, how="left")
    fresh = fresh.filter(pl.col("before").is_null() | (pl.col("before") < pl.col(names.TIME)))
    loss = _loss(taken, set(rows.collect_schema().names()), rollout, task)
    return fresh.select("arm", "request", "revision", "done", "sampled", loss=loss)


def _understood(taken: Snapshot, rollout: Rollout) -> pl.DataFrame:
    """The labels that are a class of one of the two releases, or a number where they predict one."""
    both = (rollout.champion.release, rollout.challenger.release)
    headers = [taken.headers[release] for release in both if release in taken.headers]
    return taken.labels.filter(meant(pl.col(names.LABEL), headers).is_not_null()) if headers else taken.labels


def _loss(taken: Snapshot, columns: set[str], rollout: Rollout, task: Task) -> pl.Expr:
    """Half the squared distance of the probabilities from what came (Brier 1950); or the error as a share of its range.

    A class that a release does not know has probability 0. Lies in [0, 1].
    """
    if task is Task.REGRESSION:
        error = (pl.col(names.PREDICTION).cast(pl.Float64) - pl.col(names.LABEL).cast(pl.Float64)).abs()
        return (error / (rollout.plan.rules.loss_range or 1.0)).clip(0, 1).fill_nan(1.0)
    champion, challenger = (_brier(taken, columns, each.release) for each in (rollout.champion, rollout.challenger))
    return pl.when(pl.col("arm") == _CHAMPION).then(champion).otherwise(challenger)


def _brier(taken: Snapshot, columns: set[str], release: str) -> pl.Expr:
    """The loss of one release's rows, by its own classes."""
    header = taken.headers.get(release)
    forms = (Classes.of(header).forms if header else None) or {}
    share = {
        one: pl.col(f"{names.PROBABILITY}{text}").cast(pl.Float64).fill_null(0)
        for text, one in forms.items()
        if f"{names.PROBABILITY}{text}" in columns
    }
    if not share:  # it answered nothing yet
        return pl.lit(0.5)
    squares = pl.sum_horizontal(each**2 for each in share.values())
    hit = pl.sum_horizontal(pl.when(pl.col(names.LABEL) == one).then(each).otherwise(0) for one, each in share.items())
    return ((1 + squares - 2 * hit) / 2).clip(0, 1)
