"""What runs a model, one file each. A runtime offers `predictor(model)`, a core.prediction.Predictor.

`seakeep.testing.check_runtime(name)` holds one to its laws; the first is that answers do not depend on the batch's size.
"""
