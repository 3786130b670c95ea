"""Sinks: where a prediction log's rows go in another system's form. One file each, loaded by name by pipeline.predictions."""
