"""Confident learning by cleanlab: reads cases of labels and probabilities (JSON on standard input), writes the joint and
the suspects of each."""

import json
import sys

import numpy as np
from cleanlab.count import compute_confident_joint
from cleanlab.filter import find_label_issues


def judged(given):
    labels, probabilities = np.array(given["labels"]), np.array(given["probabilities"])
    joint, suspects = compute_confident_joint(
        labels, probabilities, calibrate=False, return_indices_of_off_diagonals=True
    )
    issues = find_label_issues(labels, probabilities, filter_by="confident_learning", n_jobs=1)
    return {
        "joint": joint.tolist(),
        "suspects": [int(at) for at in suspects],
        "issues": np.flatnonzero(issues).tolist(),
    }


print(json.dumps([judged(each) for each in json.load(sys.stdin)]))
