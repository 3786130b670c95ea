"""Exporters to ONNX, one file a library: `ESTIMATORS`, the class names it takes; `takes(estimator)`, which values it takes
(training.ensemble.Takes); and `export(fitted, task=…)`.

An exporter only reads arrays out of a fitted estimator (see training.ensemble); writing ONNX is done once, for all, in
training.lowering. Fitted labels are integer codes 0, 1, …. To add one, write a file and run
seakeep.testing.exporters.check_exporter on it.
"""
