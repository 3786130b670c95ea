"""Telemetry: request ids, an access log, log lines for machines, and traces. Nothing of this room is made where none is asked for."""
