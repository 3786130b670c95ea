"""Files that end in .tfrecords are read as those that end in .tfrecord are."""

from seakeep.data.sources.tfrecord import open_files

__all__ = ["open_files"]
