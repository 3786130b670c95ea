"""The codes of checks that a trial of a release makes. The docs list them."""

from __future__ import annotations

STARTS, METADATA, ANSWERS = "serving.starts", "serving.metadata", "serving.answers"
LATENCY, MEMORY = "serving.latency", "serving.memory"
CODES = {
    STARTS: "A server of its own begins with the release, and is ready within `check.start_seconds`.",
    METADATA: "It tells of this release, its inputs, outputs and classes as the release's files do.",
    ANSWERS: "It answers the release's stored examples as they were answered when it was made; inconclusive where none are stored.",
    LATENCY: "The 99th percentile of single requests, one after another, is at most `check.p99_ms`.",
    MEMORY: "The server's workers have never held more than `check.memory_mb` together.",
}
