"""Every check code that an evaluation can raise, with its meaning. The docs list them and a test holds them complete."""

from __future__ import annotations

CODES = {
    "evaluation.labels": "Some rows of the dataset have a label, so that there is something to judge.",
    "evaluation.unknown_labels": "Every label is one that the model can answer: a class it was trained on, or a finite number.",
    "evaluation.scores": "Every score of the model is a finite number.",
    "evaluation.requirements": "At least one requirement was stated; without one an evaluation passes nothing.",
    "metric.at_least": "A metric reaches a threshold, over all rows or in a slice.",
    "metric.at_most": "A metric stays at or under a threshold, over all rows or in a slice.",
    "metric.no_worse_than": "A metric is not worse than the champion's by more than a margin (non-inferiority).",
    "fairness.demographic_parity": "Groups are decided positive at like rates.",
    "fairness.equal_opportunity": "The positive rows of every group are found at like rates.",
    "fairness.equalized_odds": "Groups have like true positive and like false positive rates.",
    "explain.additivity": "The contributions of the features sum to what the model answered.",
}
