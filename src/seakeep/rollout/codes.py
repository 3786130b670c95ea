"""Every code of a rollout's report, and when its check passes. The documentation is filled from here."""

from __future__ import annotations

CODES = {
    "rollout.decision": "The challenger was let in: every step ended well, or the experiment found it no worse. It fails where it "
    "was rolled back, aborted or found worse.",
    "rollout.errors": "The challenger's rate of errors (failed or refused) is shown to be less than the tolerance above the "
    "champion's, where the plan waits for that. It fails where it is shown to be above the champion's by more than the margin.",
    "rollout.latency": "The same of the rate of requests slower than the limit.",
    "rollout.goal": "The same of the mean loss of labelled predictions: Brier score, or absolute error as a share of its range.",
    "rollout.sample_ratio": "Nothing shows that requests fall on the arms otherwise than by the shares.",
    "rollout.shadow": "A shadow answered at most so many copies otherwise than the champion as disagree_at_most says; only where it is set.",
}
REASONS = {
    "rollout.begin": "A rollout began.",
    "rollout.step": "A step had its least requests and time, and the evidence that it waited for.",
    "rollout.time": "A step's longest time passed without that evidence.",
    "rollout.abort": "Somebody ended it.",
}
"""What a decision may rest on beside a check."""
