"""Convert TensorFlow Extended's schemas, statistics and anomalies to ours, and ours to theirs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from seakeep.cli._door import Door, verb
from seakeep.cli._help import NAMES, Group
from seakeep.core import plugins
from seakeep.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

_FILE = click.Path(dir_okay=False, path_type=Path)
_OUTPUT = click.option("-o", "--output", type=_FILE, required=True, metavar="OUT", help="The file to write.")
_LIKE = click.option(
    "--like", metavar="DATA", help="A table, or saved statistics, that tell booleans, times and lists."
)


@click.group(cls=Group, context_settings={"help_option_names": NAMES})
def command() -> None:
    """Convert files of TensorFlow Extended, both ways.

    The endings say which way: .pbtxt (text), .pb (binary) and .tfrecord are TFX's, .yaml a contract, .json statistics or a report of
    ours. What one side cannot say is listed.

    Example: seakeep tfx schema schema.pbtxt -o trips.schema.yaml
    """


@verb
@click.argument("source", metavar="IN")
@_OUTPUT
@click.option("--name", default="", help="What to call the table.")
@_LIKE
def schema(door: Door, *, source: str, output: Path, name: str, like: str | None) -> None:
    """Convert a schema: a contract (.yaml) to TFX's, or TFX's to a contract.

    Example: seakeep tfx schema schema.pbtxt -o trips.schema.yaml --like trips.parquet
    """
    from seakeep import data as data_room

    tfx = plugins.load("integrations", "tfx")
    if _goes_out(tfx, source, output, (".yaml", ".yml"), "schema"):
        lost = tfx.write_schema(data_room.load_schema(source), output)
    elif output.exists():
        raise click.BadParameter(f"{output} exists; name another file, or remove it first")
    else:
        carried = tfx.read_schema(source, name=name, kinds=_kinds(tfx, like))
        data_room.save_schema(carried.value, output)
        lost = carried.lost
    _told(door, source, output, lost)


@verb
@click.argument("source", metavar="IN")
@_OUTPUT
@click.option("--dataset", default="", metavar="NAME", help="Which of the file's datasets (default: the whole table).")
@_LIKE
def statistics(door: Door, *, source: str, output: Path, dataset: str, like: str | None) -> None:
    """Convert statistics: of DATA or saved ones (.json) to TFDV's, or TFDV's to ours.

    Example: seakeep tfx statistics trips.parquet -o trips.tfrecord
    """
    from seakeep.cli._tables import statistics_of

    tfx = plugins.load("integrations", "tfx")
    if _goes_out(tfx, source, output, (".json",), "statistics"):
        lost = tfx.write_statistics(statistics_of(source), output, name=dataset)
    else:
        carried = tfx.read_statistics(source, dataset=dataset, kinds=_kinds(tfx, like))
        carried.value.save(output)
        lost = carried.lost
    _told(door, source, output, lost)


@verb
@click.argument("source", metavar="IN")
@_OUTPUT
@click.option(
    "--schema", "contract", type=_FILE, metavar="FILE", help="The contract that was judged by; goes into TFX's file."
)
def anomalies(door: Door, *, source: str, output: Path, contract: Path | None) -> None:
    """Convert a report (.json, from `seakeep validate --json`) to TFX's anomalies, or those to a report.

    Example: seakeep tfx anomalies SchemaDiff.pb -o report.json
    """
    from seakeep import data as data_room

    tfx = plugins.load("integrations", "tfx")
    if _goes_out(tfx, source, output, (".json",), "anomalies"):
        judged_by = data_room.load_schema(contract) if contract else None
        lost = tfx.write_anomalies(_report(Path(source)), output, schema=judged_by)
    else:
        carried = tfx.read_anomalies(source)
        carried.value.save(output)
        lost = carried.lost
    _told(door, source, output, lost)


def _goes_out(tfx: Any, source: str, output: Path, ours: Sequence[str], what: str) -> bool:
    """Whether a file of ours becomes one of TFX's. Raises UsageError, where the endings do not say which way."""
    theirs_in, theirs_out = tfx.is_proto(source), tfx.is_proto(output)
    if theirs_out and not theirs_in:
        return True
    if output.suffix in ours and Path(source).suffix not in ours:
        return False
    raise UsageError(
        f"the endings of {source} and {output} do not say which way to convert",
        where=f"seakeep tfx {what}",
        cause=f"One is to be TFX's (.pbtxt, .pb or .tfrecord) and the other ours ({' or '.join(ours)}).",
        fix=f"seakeep tfx {what} {Path(source).stem}.pbtxt -o {Path(source).stem}{ours[0]}, or the other way round.",
        source=source,
        output=str(output),
    )


def _kinds(tfx: Any, like: str | None) -> Any:
    from seakeep.cli._tables import statistics_of

    return tfx.kinds_of(statistics_of(like)) if like else None


def _report(path: Path) -> Any:
    """A saved report, or what `--json` printed, which has the verdict too."""
    import json

    from seakeep.core import Report
    from seakeep.core.codec import BadDocument, from_plain

    try:
        plain = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}", fix="seakeep validate DATA --schema FILE --json > report.json"
        ) from error
    except ValueError as error:
        raise BadDocument.at(str(path), str(error), "a report as JSON") from error
    if isinstance(plain, dict):
        plain.pop("verdict", None)
    return from_plain(Report, plain, path=str(path))


def _told(door: Door, source: str, output: Path, lost: Sequence[Any]) -> None:
    """What was written, and what was not carried over."""
    plain = {"source": source, "output": str(output), "lost": [_plain(each) for each in lost]}
    lines = [f"{output}: written from {source}"]
    if lost:
        lines += ["not carried over:", *(f"  {each}" for each in lost)]
    door.show(plain, lambda: "\n".join(lines))


def _plain(lost: Any) -> dict[str, str]:
    return {"where": lost.where, "what": lost.what, "why": lost.why, "gap": lost.gap}


for _part in (schema, statistics, anomalies):
    command.add_command(_part)
