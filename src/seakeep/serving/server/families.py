"""Families: the metrics that a server tells of, their labels and what one series of each takes.

Labels have values from the server's side only: models, versions, roles, columns and reasons that are known when a release is
loaded. No value comes from a request, so a hostile client cannot make series. What is counted in cells is laid out by
`metrics`; what is told as it stands at the moment (`TOLD`) comes from whoever knows it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

STATUSES = (200, 400, 401, 403, 404, 405, 408, 413, 415, 429, 500, 503, 504)
SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 1024, 4096, 16384)
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, meaning and labels; bounds make it a histogram.

    kind: "sum" adds over all workers, dead ones included; "least" and "most" are of the living ones, "now" is their sum; "told" has
    no cells. shared: whether the thread beside the loop counts it too, see `cells`.
    """

    name: str
    about: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = ()
    kind: Literal["sum", "least", "most", "now", "told"] = "sum"
    shared: bool = False

    @property
    def width(self) -> int:
        """Cells that one series takes: a counter one; a histogram one a bucket, the rest, and the sum."""
        return len(self.bounds) + 2 if self.bounds else 1


_RELEASE, _ARM, _COLUMN = ("model", "version"), ("model", "version", "role"), ("model", "version", "column")
REQUESTS = Family("seakeep_requests", "Requests answered.", (*_ARM, "status"))
REFUSALS = Family("seakeep_refusals", "Requests refused, by reason.", (*_RELEASE, "reason"))
LATENCY = Family("seakeep_request_seconds", "From a request's start to its answer.", _ARM, SECONDS)
PREDICTED = Family("seakeep_predictions", "Rows answered, by class.", (*_ARM, "class"))
LOOP_DELAY = Family(
    "seakeep_loop_delay_seconds", "How late the latest worker's event loop is: requests wait there.", (), kind="most"
)
UNDER_WAY = Family(
    "seakeep_requests_under_way",
    "Requests being answered, where a latency target or a concurrency is set.",
    (),
    kind="now",
)
ROOM = Family("seakeep_requests_room", "How many may be under way, as the latency target allows now.", (), kind="now")
RUNS = Family("seakeep_run_rows", "Rows that one run of the model answered together.", _RELEASE, ROWS)
TREES_COMPILED = Family(
    "seakeep_trees_compiled",
    "1 while every worker has the release's trees in native code, else 0.",
    _RELEASE,
    kind="least",
)
MISSING = Family("seakeep_missing_values", "Null values seen.", _COLUMN, shared=True)
OUTSIDE = Family("seakeep_outside_values", "Values seen outside of the schema's domain.", _COLUMN, shared=True)
IMPUTED = Family(
    "seakeep_imputed_values", "Values answered with what training had most of in their place.", _COLUMN, shared=True
)
BROKEN = Family("seakeep_broken_rows", "Rows that broke a rule of the contract.", (*_RELEASE, "rule"), shared=True)
RELOADS = Family("seakeep_reloads", "Times that a release was loaded again, as a request asked for it.", _RELEASE)
SHADOW_ROWS = Family("seakeep_shadow_rows", "Rows that a shadow answered and that were compared.", _RELEASE)
SHADOW_AGREED = Family(
    "seakeep_shadow_agreed_rows",
    "Compared rows with the same class, or with values that differ by at most 1 %.",
    _RELEASE,
)
SHADOW_DROPPED = Family("seakeep_shadow_dropped", "Copies that no shadow got, as the queue was full.", ("model",))
ROUTE_FAILURES = Family("seakeep_route_failures", "Looks at the route after which the old one stayed.", ("model",))
ROUTE_REVISION = Family(
    "seakeep_route_revision", "Revision of the route that every worker has taken.", ("model",), kind="least"
)
LOG_ROWS = Family("seakeep_log_rows", "Rows written to the prediction log.", ("model",))
LOG_LOST = Family("seakeep_log_lost_rows", "Rows that could not be written to the prediction log.", ("model",))
LOG_WRITABLE = Family(
    "seakeep_log_writable", "1 while every worker can write its log, else 0.", ("model",), kind="least"
)
SINK_WAITING = Family(
    "seakeep_log_sink_waiting_files",
    "Finished files of the log that a sink has not got.",
    ("model", "sink"),
    kind="told",
)
SINK_LAG = Family(
    "seakeep_log_sink_lag_seconds", "Since the oldest of these was finished.", ("model", "sink"), kind="told"
)
SINK_TAKES = Family("seakeep_log_sink_takes", "1 while the sink takes files, else 0.", ("model", "sink"), kind="told")
LOG_LAG = Family(
    "seakeep_log_lag_seconds",
    "Longest that a row may have waited for the last commit to the disk.",
    ("model",),
    kind="most",
)
LABELS = Family("seakeep_labels", "Labels accepted.", ("model",))
TLS_ENDS = Family(
    "seakeep_tls_expires_seconds",
    "When the certificate that is shown ends, in Unix time; only with TLS.",
    (),
    kind="told",
)
TOKENS_READABLE = Family(
    "seakeep_tokens_readable", "1 while every worker can read its file of tokens, else 0.", (), kind="least"
)
MODEL = Family("seakeep_model", "Models served.", (*_RELEASE, "release"), kind="told")
SHARE = Family("seakeep_route_share", "Share of the requests, by the route.", _ARM, kind="told")
WINDOW_ROWS = Family("seakeep_window_rows", "Rows answered in the last whole minute on record.", _RELEASE, kind="told")
WINDOW_END = Family("seakeep_window_end_seconds", "When that minute ended, in Unix time.", _RELEASE, kind="told")
WINDOW_VALUES = Family(
    "seakeep_window_value",
    "Statistics of a column in that minute: missing_share; mean, standard_deviation, minimum, maximum, median and q99 of "
    "numbers; distinct and top_share (of the most frequent value) of others.",
    (*_COLUMN, "statistic"),
    kind="told",
)
FAMILIES = (
    REQUESTS,
    REFUSALS,
    LATENCY,
    PREDICTED,
    LOOP_DELAY,
    UNDER_WAY,
    ROOM,
    RUNS,
    RELOADS,
    TREES_COMPILED,
    MISSING,
    OUTSIDE,
    IMPUTED,
    BROKEN,
    SHADOW_ROWS,
    SHADOW_AGREED,
    SHADOW_DROPPED,
    ROUTE_FAILURES,
    ROUTE_REVISION,
    LOG_ROWS,
    LOG_LOST,
    LOG_WRITABLE,
    LOG_LAG,
    SINK_WAITING,
    SINK_LAG,
    SINK_TAKES,
    LABELS,
    TLS_ENDS,
    TOKENS_READABLE,
    MODEL,
    SHARE,
    WINDOW_ROWS,
    WINDOW_END,
    WINDOW_VALUES,
)
