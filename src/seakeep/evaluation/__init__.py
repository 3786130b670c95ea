"""Judge predictions: metrics with intervals, slices, fairness, explanations, requirements."""
