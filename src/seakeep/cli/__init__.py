"""The command line: parse, call one verb, render one noun.

One file a verb, and the file's name is the verb's; the first line of a file's docstring is what `seakeep --help` says of it. A verb
is imported when it is called and its libraries when it works, so that help and a run with nothing to do are quick.
Files whose names begin with an underscore are no verbs.
"""

from __future__ import annotations

from seakeep.cli._main import main

__all__ = ["main"]
