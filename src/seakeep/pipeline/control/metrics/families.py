"""Families: what the control server tells Prometheus, a gauge each, with labels and meaning. The documentation is filled from here.

A scrape reads the state as it stands and keeps nothing, so nothing here counts. Labels have values of the registry only: names,
versions, columns and metrics of releases on record, and words of this program. Of releases, those that answered in one window are
told of, so that series do not grow with the years. Verdicts are numbers everywhere, the same as a command's exit code: 0 pass, 1
fail, 2 inconclusive. Moments are Unix time; a name that ends in `_at_seconds` is one.
"""

from __future__ import annotations

from dataclasses import dataclass

VERDICTS = {"pass": 0, "fail": 1, "inconclusive": 2}
INCIDENT_KINDS = ("decay", "drift", "monitoring", "schema", "skew")
PARTS = ("champion", "monitor", "incidents", "alerts", "retraining", "rollout", "log")
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A gauge: its name, meaning and labels."""

    name: str
    about: str
    labels: Labels = ("model",)


Told = tuple[Family, Labels, float]
_RELEASE = ("model", "version")
_COLUMN, _METRIC, _ARM = (*_RELEASE, "column"), (*_RELEASE, "metric"), ("model", "measure", "arm")
_DISTANCE, _CLASS = (*_COLUMN, "distance"), (*_RELEASE, "class")

READABLE = Family(
    "seakeep_record_readable", "1 where this part of a model's record could be read, else 0.", ("model", "part")
)
RELEASES = Family("seakeep_releases", "Releases on record.")
CHAMPION = Family("seakeep_champion_info", "The release in charge; always 1.", (*_RELEASE, "release", "verdict"))
CHAMPION_MADE = Family("seakeep_champion_registered_at_seconds", "When the release in charge was registered.")

CHANGED = Family("seakeep_monitor_changed_at_seconds", "When the monitor last put something on record.")
LENGTH = Family("seakeep_monitor_window_seconds", "Length of the monitor's windows.")
WINDOW_END = Family("seakeep_monitor_window_ended_at_seconds", "End of the last window judged.")
WINDOW_VERDICT = Family("seakeep_monitor_verdict", "Verdict of the last window that had rows.", _RELEASE)
WINDOW_ROWS = Family("seakeep_monitor_rows", "Rows answered in that window.", _RELEASE)
FAILED_CHECKS = Family("seakeep_monitor_failed_checks", "Failed checks of that window, by kind.", (*_RELEASE, "kind"))
FAILED_COLUMNS = Family("seakeep_monitor_failed_columns", "Columns that drifted or broke the contract in it.", _RELEASE)
COLUMN_VERDICT = Family(
    "seakeep_monitor_column_verdict", "Worst verdict of a column's checks of contract and drift in it.", _COLUMN
)
DRIFT = Family("seakeep_monitor_drift", "Distance of a column from the training rows.", _DISTANCE)
DRIFT_LIMIT = Family("seakeep_monitor_drift_threshold", "Above this distance the column drifted.", _DISTANCE)
DRIFT_VERDICT = Family("seakeep_monitor_drift_verdict", "Verdict of that comparison.", _DISTANCE)
DRIFT_EFFECT = Family(
    "seakeep_monitor_drift_effect_deviations",
    "How far a number's mean moved, in the training rows' standard deviations; up is positive.",
    _COLUMN,
)
DRIFT_CHANGE = Family(
    "seakeep_monitor_drift_effect_change",
    "How far it moved in its own unit: a mean, a duration in seconds, or a share of the rows.",
    _DISTANCE,
)
METRIC = Family("seakeep_monitor_metric", "A metric on the labelled rows of the last window that had any.", _METRIC)
METRIC_LOW = Family("seakeep_monitor_metric_low", "Lower end of its interval of 95 %.", _METRIC)
METRIC_HIGH = Family("seakeep_monitor_metric_high", "Upper end of that interval.", _METRIC)
METRIC_REFERENCE = Family("seakeep_monitor_metric_reference", "The metric at release.", _METRIC)
METRIC_LIMIT = Family("seakeep_monitor_metric_threshold", "The worst that the monitor's margin allows.", _METRIC)
METRIC_VERDICT = Family("seakeep_monitor_metric_verdict", "Whether the metric decayed.", _METRIC)
METRIC_ROWS = Family("seakeep_monitor_metric_rows", "Labelled rows that it was measured on.", _METRIC)
PREDICTIONS = Family(
    "seakeep_monitor_predictions",
    "Distance of the answers from the release's earlier windows, by class; of a regression the class is value.",
    _CLASS,
)
PREDICTIONS_LIMIT = Family("seakeep_monitor_predictions_threshold", "Above this distance the answers moved.", _CLASS)
PREDICTIONS_VERDICT = Family("seakeep_monitor_predictions_verdict", "Verdict of that comparison.", _CLASS)
UNLABELLED = Family("seakeep_monitor_unlabelled_share", "Share of the rows of the last 24 windows without a label.")

INCIDENTS = Family("seakeep_incidents_open", "Open incidents, by kind.", ("model", "kind"))
INCIDENT_SINCE = Family(
    "seakeep_incident_since_at_seconds", "Beginning of the first window of the oldest open one.", ("model", "kind")
)

ALERTS = Family(
    "seakeep_alerts_firing", "Alerts that Alertmanager told and that did not end; the model - has those of no model."
)

RETRAINED = Family("seakeep_retraining_ended_at_seconds", "When the last training that a trigger started ended.")
RETRAINING = Family("seakeep_retraining_running", "1 while a training that a trigger started is under way, else 0.")
RETRAINING_RESULT = Family(
    "seakeep_retraining_result", "1 for what came of the last one, 0 for every other result.", ("model", "result")
)
RETRAINING_SECONDS = Family("seakeep_retraining_seconds", "How long the last one took.")
RETRAINING_DECISION = Family(
    "seakeep_retraining_decision",
    "1 for the latest decision of the triggers, 0 for every other.",
    ("model", "decision"),
)

ROLLOUT = Family("seakeep_rollout_info", "The latest rollout; always 1.", ("model", "champion", "challenger", "plan"))
PHASE = Family("seakeep_rollout_phase", "1 for the phase it is in, 0 for every other.", ("model", "phase"))
ROLLOUT_VERDICT = Family("seakeep_rollout_verdict", "Pass where the release was let in, fail where it was sent back.")
STEP = Family("seakeep_rollout_step", "The present step, from 1; the last one it was in where it ended.")
STEPS = Family("seakeep_rollout_steps", "Steps of its plan.")
SHARE = Family("seakeep_rollout_share", "Share of the requests that the challenger answers; 0 where it ended.")
BEGAN = Family("seakeep_rollout_began_at_seconds", "When it began.")
STEP_BEGAN = Family("seakeep_rollout_step_began_at_seconds", "When its present step began.")
LOOKED = Family("seakeep_rollout_looked_at_seconds", "End of the last look.")
STEP_REQUESTS = Family(
    "seakeep_rollout_step_requests", "The challenger's requests, or a shadow's copies, in this step."
)
STEP_NEEDED = Family("seakeep_rollout_step_requests_needed", "Fewest that the step must have had.")
STEP_LONGEST = Family("seakeep_rollout_step_longest_seconds", "Longest time of a step.")
LOG_E = Family(
    "seakeep_rollout_log_e", "Logarithm of the e-value that the challenger is worse, by test.", ("model", "test")
)
LOG_E_LIMIT = Family("seakeep_rollout_log_e_limit", "From this value on the test rolls it back.", ("model", "test"))
LOG_E_FINE = Family(
    "seakeep_rollout_log_e_fine",
    "Logarithm of the e-value that a measure is within the tolerance of the champion's.",
    ("model", "measure"),
)
LOG_E_FINE_LIMIT = Family(
    "seakeep_rollout_log_e_fine_limit", "From this value on the step may end.", ("model", "measure")
)
RATE = Family("seakeep_rollout_rate", "Rate of errors or of slow requests, or mean loss, so far.", _ARM)
RATE_ROWS = Family("seakeep_rollout_requests", "Requests (of the goal, labelled ones) that it was measured on.", _ARM)

LOG_BYTES = Family("seakeep_log_disk_bytes", "What the prediction log holds on the disk.")
LOG_NEWEST = Family(
    "seakeep_log_newest_at_seconds", "When its newest row came; of rows not in tables yet, when they were written."
)
LOG_SPOOLS = Family("seakeep_log_spools", "Files of workers that are not in tables yet.")
LOG_TORN = Family("seakeep_log_torn_spools", "Damaged files that were set aside.")

FAMILIES = (
    *(READABLE, RELEASES, CHAMPION, CHAMPION_MADE),
    *(CHANGED, LENGTH, WINDOW_END, WINDOW_VERDICT, WINDOW_ROWS, FAILED_CHECKS, FAILED_COLUMNS, COLUMN_VERDICT),
    *(DRIFT, DRIFT_LIMIT, DRIFT_VERDICT, DRIFT_EFFECT, DRIFT_CHANGE),
    *(METRIC, METRIC_LOW, METRIC_HIGH, METRIC_REFERENCE, METRIC_LIMIT, METRIC_VERDICT, METRIC_ROWS),
    *(PREDICTIONS, PREDICTIONS_LIMIT, PREDICTIONS_VERDICT, UNLABELLED),
    *(INCIDENTS, INCIDENT_SINCE, ALERTS),
    *(RETRAINED, RETRAINING, RETRAINING_RESULT, RETRAINING_SECONDS, RETRAINING_DECISION),
    *(ROLLOUT, PHASE, ROLLOUT_VERDICT, STEP, STEPS, SHARE, BEGAN, STEP_BEGAN, LOOKED),
    *(STEP_REQUESTS, STEP_NEEDED, STEP_LONGEST, LOG_E, LOG_E_LIMIT, LOG_E_FINE, LOG_E_FINE_LIMIT, RATE, RATE_ROWS),
    *(LOG_BYTES, LOG_NEWEST, LOG_SPOOLS, LOG_TORN),
)
