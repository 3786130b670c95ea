"""Processes: the parent of a server, its workers and its scribe: how they begin, mind each other and end."""
