"""Steps in files: a YAML list, one step an item; and a single step in one line, as reports propose it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seakeep.core.files import write_text
from seakeep.data.cleaning.errors import BadCleaning
from seakeep.data.cleaning.step import Cleaning, step

if TYPE_CHECKING:
    from collections.abc import Iterable


def load_steps(path: Path | str) -> tuple[Cleaning, ...]:
    """The steps in a file. Raises BadCleaning, naming the file and the item; UsageError, for an unknown step."""
    try:
        text = Path(path).read_text("utf-8")
    except FileNotFoundError as error:
        raise BadCleaning.absent_file(str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadCleaning.no_yaml(str(error), where=str(path)) from error
    items = _plain(text, where=str(path))
    if not isinstance(items, list):
        raise BadCleaning.no_yaml("it is not a list", where=str(path))
    return tuple(_step(item, where=f"{path}, step {number}") for number, item in enumerate(items, start=1))


def save_steps(steps: Iterable[Cleaning], path: Path | str, *, note: str = "") -> None:
    """Write steps to a file that `load_steps` reads. note: lines of comment at its top."""
    head = "".join(f"# {line}\n" for line in note.splitlines())
    write_text(Path(path), head + ("".join(f"- {each.text}\n" for each in steps) or "[]\n"))


def parsed_step(text: object) -> Cleaning:
    """The step in one line of text. Raises BadCleaning, UsageError."""
    if not isinstance(text, str):
        raise BadCleaning.no_step(text)
    return _step(_plain(text, where=repr(text)), where="")


def _step(item: Any, *, where: str) -> Cleaning:
    """A mapping of one name to its options."""
    if isinstance(item, str):
        item = {item: {}}
    if not isinstance(item, dict) or len(item) != 1:
        raise BadCleaning.no_step(item, where=where)
    ((name, options),) = item.items()
    if not isinstance(options, dict) or not isinstance(name, str) or not all(isinstance(key, str) for key in options):
        raise BadCleaning.no_step(item, where=where)
    return step(name, **{option: _as_text(value) for option, value in options.items()})


def _as_text(value: Any) -> Any:
    """Dates, which YAML reads by itself, as the text that they were."""
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _plain(text: str, *, where: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError) as error:
        raise BadCleaning.no_yaml(" ".join(str(error).split()), where=where) from error
