"""`python -m seakeep`: the command line, where its script is not on the path."""

from __future__ import annotations

from seakeep.cli import main

main()
