"""The door itself: finds verbs, turns every way of ending into an exit code, and writes errors in four parts.

Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 usage or breakage, 130 interrupted, 141 the reader of a pipe went away, 143 terminated.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import click

from seakeep.cli._help import NAMES
from seakeep.core.errors import SeakeepError, UsageError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

SECTIONS = {
    "Begin": ("init", "run", "demo"),
    "Data": ("profile", "schema", "validate", "drift", "inspect", "clean", "tfx"),
    "Releases": ("releases", "show", "lineage", "evaluate"),
    "Answers": ("serve", "tokens", "score", "predictions", "labels"),
    "In production": ("monitor", "retrain", "rollout", "gc"),
    "Elsewhere": ("export", "ci", "readiness", "completion"),
}
USAGE, INTERRUPTED, PIPE_CLOSED, TERMINATED = 3, 130, 141, 143


class BadCommandLine(UsageError):
    """The command line cannot be read."""

    @classmethod
    def of(cls, error: click.UsageError) -> BadCommandLine:
        path = error.ctx.command_path if error.ctx else "seakeep"
        known = [flag for each in (error.ctx.command.params if error.ctx else ()) for flag in (*each.opts, "--help")]
        near = nearest(error.option_name, known) if isinstance(error, click.NoSuchOption) else None
        unknown = f"there is no option {error.option_name}" if isinstance(error, click.NoSuchOption) else ""
        return cls(
            unknown or error.format_message().rstrip("."),
            where=path,
            cause=f"Did you mean {near}?" if near else "",
            fix=f"See how it is written: {path} --help",
            command=path,
        )

    @classmethod
    def unknown_verb(cls, name: str, known: Sequence[str]) -> BadCommandLine:
        near = nearest(name, known)
        return cls(
            f"there is no verb {name!r}",
            where="seakeep",
            cause=f"Did you mean {near!r}?" if near else "",
            fix=f"seakeep {near} --help" if near else "See what there is: seakeep --help",
            name=name,
            nearest=near,
        )


class Terminated(KeyboardInterrupt):
    """SIGTERM came: the verb ends as on Ctrl-C, so that no temporary file is left."""


class CannotShow(SeakeepError):
    """The answer cannot be written to standard output."""

    @classmethod
    def of(cls, error: OSError) -> CannotShow:
        return cls(
            f"cannot write to standard output: {error.strerror}",
            cause="The disk or device that it was redirected to is full or broken; what the verb did is done.",
            fix="Free some space, or redirect it elsewhere: df -h",
            errno=error.errno,
        )


class Verbs(click.Group):
    """The verbs beside this file, listed by their names and imported one at a time."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """Every verb, sorted."""
        return sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The verb's command; only its own file is imported."""
        import importlib

        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"seakeep.cli.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that the arguments begin with; an unknown one is told the nearest."""
        if args and args[0] not in self.list_commands(ctx) and not args[0].startswith("-"):
            raise BadCommandLine.unknown_verb(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs by what one is about; what each does is read from its file's first line."""
        width = max(map(len, self.list_commands(ctx)))
        for title, names in SECTIONS.items():
            with formatter.section(title):
                formatter.write_dl([(f"{name:<{width}}", _summary(name)) for name in names])


@click.group(
    cls=Verbs,
    context_settings={"help_option_names": NAMES},
    epilog="Begin with: seakeep init trips && seakeep run trips/pipeline.py",
)
@click.version_option(package_name="seakeep", message="%(prog)s %(version)s")
def seakeep() -> None:
    """Takes a machine-learning model from raw data into production and keeps it fit there.

    DATA is a path, glob, folder or address (s3://…). RELEASE is a name (its champion), name@3, or the first digits of a digest.
    Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 usage or breakage.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and end the process with its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(code_of(list(sys.argv[1:] if arguments is None else arguments)))


def code_of(arguments: list[str]) -> int:
    """Run the command line; returns its exit code. Errors are written to standard error, as JSON where --json is given."""
    _forgive_encodings()
    try:
        found = seakeep.main(arguments, prog_name="seakeep", standalone_mode=False)
        if sys.stdout is not None:  # it is None where the process was started with it closed
            sys.stdout.flush()
    except (KeyboardInterrupt, click.Abort) as error:
        terminated = isinstance(error, Terminated) or isinstance(error.__cause__, Terminated)
        click.echo("terminated" if terminated else "interrupted", err=True)
        return TERMINATED if terminated else INTERRUPTED
    except (BrokenPipeError, SystemExit):  # click ends the process with 1, our word for "fail", on a closed pipe
        _forget_output()
        return PIPE_CLOSED
    except SeakeepError as error:
        _tell(error, as_json="--json" in arguments)
        return error.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        return USAGE
    except click.UsageError as error:
        _tell(BadCommandLine.of(error), as_json="--json" in arguments)
        return USAGE
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO) or error.filename is not None:
            _tell_breakage(error, as_json="--json" in arguments)
            return USAGE
        _tell(CannotShow.of(error), as_json="--json" in arguments)
        _forget_output()
        return USAGE
    except BaseException as error:  # noqa: BLE001  (the last door: whatever came this far, panics of Rust too, is told and ends with 3)
        _tell_breakage(error, as_json="--json" in arguments)
        return USAGE
    return found if isinstance(found, int) else 0


def _terminate(*_: object) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a second one ends the process at once
    raise Terminated


def _forgive_encodings() -> None:
    """A sign that the terminal's encoding lacks becomes a question mark; it is no reason to break off."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _tell(error: SeakeepError, *, as_json: bool) -> None:
    if as_json:
        text = json.dumps(error.as_plain() | {"exit_code": error.exit_code}, ensure_ascii=False)
    else:
        text = f"{type(error).__name__}: {error}"
    with contextlib.suppress(BrokenPipeError):
        click.echo(text, err=True)


def _tell_breakage(error: BaseException, *, as_json: bool) -> None:
    """An exception that nobody foresaw: its trace, for whoever mends it."""
    if not as_json:
        traceback.print_exception(error)
        return
    trace = "".join(traceback.format_exception(error))
    plain = {
        "error": type(error).__name__,
        "found": str(error),
        "where": trace,
        "cause": "",
        "fix": "",
        "exit_code": USAGE,
    }
    click.echo(json.dumps(plain, ensure_ascii=False), err=True)


def _forget_output() -> None:
    """Let the interpreter end without complaining that nobody reads its output any more."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _summary(name: str) -> str:
    """The first line of a verb's file, without its quotes and full stop."""
    with (Path(__file__).parent / f"{name}.py").open(encoding="utf-8") as file:
        line = file.readline().strip().strip('"').removeprefix(f"`seakeep {name}`: ").rstrip(".")
    return line[:1].upper() + line[1:]
