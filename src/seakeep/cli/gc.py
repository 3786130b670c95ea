"""Remove what killed processes left behind, and check that everything on record is whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

from seakeep.cli._door import Door, plain_object, verb

if TYPE_CHECKING:
    from seakeep.core.report import Verdict


@verb
def command(door: Door) -> Verdict:
    """Clean the registry and check every object and release. Only temporary files are removed.

    Example: seakeep gc
    """
    with door.registry() as registry:
        removed, report = registry.clean(), registry.verify()

    def drawn() -> object:
        from rich.console import Group
        from rich.text import Text

        from seakeep.views import terminal

        return Group(Text(f"removed {len(removed)} leftovers"), terminal.report(report))

    door.show({"removed": [str(path) for path in removed], "verdict": report.verdict, **plain_object(report)}, drawn)
    return report.verdict
