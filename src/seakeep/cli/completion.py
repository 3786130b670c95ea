"""Print the script that completes verbs and options in a shell."""

from __future__ import annotations

import click

from seakeep.cli._door import Door, verb


@verb
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(door: Door, *, shell: str) -> None:
    """Print the completion script for SHELL.

    Example: seakeep completion bash > ~/.local/share/bash-completion/completions/seakeep
    """
    from click.shell_completion import BashComplete, FishComplete, ZshComplete

    from seakeep.cli._main import seakeep

    kind = {"bash": BashComplete, "zsh": ZshComplete, "fish": FishComplete}[shell]
    script = kind(seakeep, {}, "seakeep", "_SEAKEEP_COMPLETE").source()
    door.show({"shell": shell, "script": script}, lambda: script)
