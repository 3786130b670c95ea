"""Files that end in .ndjson are read as those that end in .jsonl are."""

from seakeep.data.sources.jsonl import open_files

__all__ = ["open_files"]
