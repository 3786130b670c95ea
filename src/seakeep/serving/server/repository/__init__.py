"""Repository: which models a worker has in memory, and how that is listed, asked for and changed while it answers."""
