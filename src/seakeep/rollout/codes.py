"""Every code of a rollout's report, and when its check passes. The documentation is filled from here."""

from __future__ import annotations

CODES = {
    "rollout.decision": "The challenger was let in: every step ended well, or the experiment found it no worse. It fails where it "
    "was rolled back, aborted or found worse.",
    "rollout.errors": "The challenger's rate of errors is shown to be less than the tolerance above the "
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
MOVES = {
    ("shadow", "shadow"): "The step waits.",
    ("shadow", "canary"): "It had its least copies and time, and errors are shown to be within the tolerance.",
    ("shadow", "promoted"): "The same, where no step follows.",
    (
        "shadow",
        "rolled_back",
    ): "A test shows that the challenger is worse; or the longest time passed and the rules say so.",
    ("shadow", "aborted"): "Somebody ended it, or put another release in charge.",
    ("shadow", "held"): "The longest time passed without the evidence, and the rules say to hold.",
    ("canary", "canary"): "The step waits; or it ended well, and the next share begins.",
    (
        "canary",
        "promoted",
    ): "The last step had its least requests and time, and all that is watched is shown to be within the tolerance.",
    (
        "canary",
        "rolled_back",
    ): "A test shows that the challenger is worse or the split broken; or the longest time passed and "
    "the rules say so.",
    ("canary", "aborted"): "Somebody ended it, or put another release in charge.",
    ("canary", "held"): "The longest time passed without the evidence, and the rules say to hold.",
    ("experiment", "experiment"): "The verdict is open.",
    (
        "experiment",
        "concluded",
    ): "One arm is shown to be better, or both the same within the tolerance, or the longest time passed.",
    ("experiment", "rolled_back"): "A guardrail shows that the challenger is worse, or the split is broken.",
    ("experiment", "aborted"): "Somebody ended it, or put another release in charge.",
    ("external", "external"): "The verdict is open: the platform moves the traffic, and evidence is gathered.",
    (
        "external",
        "promoted",
    ): "It had its least requests and time, and all that is watched is shown to be within the tolerance.",
    (
        "external",
        "rolled_back",
    ): "A test shows that the challenger is worse; or the longest time passed and the rules say so.",
    ("external", "aborted"): "Somebody ended it, or put another release in charge.",
    ("external", "held"): "The longest time passed without the evidence, and the rules say to hold.",
    ("held", "held"): "The evidence is still not there; the shares stay, and everything is watched on.",
    ("held", "canary"): "The evidence came after all, and the next share begins.",
    ("held", "promoted"): "The evidence came after all, in the last step.",
    ("held", "rolled_back"): "A test shows that the challenger is worse, or the split is broken.",
    ("held", "aborted"): "Somebody ended it, or put another release in charge.",
    ("promoted", "promoted"): "An end: the challenger is the champion.",
    ("rolled_back", "rolled_back"): "An end: the champion answers alone.",
    ("aborted", "aborted"): "An end: the champion answers alone.",
    ("concluded", "concluded"): "An end: the champion answers alone, and there is a verdict.",
}
"""When each transition happens; the same as state.TRANSITIONS, by test."""
