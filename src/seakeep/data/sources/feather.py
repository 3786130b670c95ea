"""Files that end in .feather are read as those that end in .arrow are."""

from seakeep.data.sources.arrow import open_files

__all__ = ["open_files"]
