"""Doors to foreign systems: one file each, which turns what Seakeep knows into the files that the system expects.

A target's file offers `NEEDS` ("project", "release" or "either"), a frozen dataclass `Options` whose fields can be set, and the
pure function `files(subject, options)`: relative paths and texts. It is loaded by its name (see pipeline.exports) and imported
by no room. Files that begin with an underscore are shared by several targets.
"""
