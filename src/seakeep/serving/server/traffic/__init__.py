"""Traffic: how much a worker lets in at once, in which order it answers, and what it no longer answers."""
