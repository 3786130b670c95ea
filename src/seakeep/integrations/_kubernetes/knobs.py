"""Knobs: the places within the objects that a chart's values turn, and how a template is written for them.

A chart is the same objects with holes: each knob names a file, the path to a value within it, and the key under which people set it;
the value that stands there is the default. So a chart with its defaults *is* the Kustomize base, and cannot drift from it.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from seakeep.integrations._yaml import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from seakeep.integrations._kube import Plain

Path = tuple[str | int, ...]
_HOLE = re.compile(r"^(?P<indent> *)(?P<lead>.*?)'?@@(?P<kind>value|yaml|with) (?P<text>.*?)@@'?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Knob:
    """One place that can be turned.

    file: of the object. path: keys and positions within it. key: in values.yaml, with dots. about: one line for whoever sets it.
    kind: "value" for one number or text, "yaml" for a mapping or list, "with" for one that is left out where it is empty.
    expression: of the template, where it is more than the value. default: where the objects have none there ("with").
    """

    file: str
    path: Path
    key: str
    about: str
    kind: Literal["value", "yaml", "with"] = "value"
    expression: str = ""
    default: Any = None


def template(file: str, value: Plain, knobs: Iterable[Knob], *, head: str) -> str:
    """An object's template: the object, with holes where knobs are; what looks like a template in its texts is escaped."""
    holed = copy.deepcopy(value)
    for knob in knobs:
        if knob.file == file:
            _put(holed, knob.path, f"@@{knob.kind} {_expression(knob, value)}@@")
    text = document(holed, head=head).replace("{{", '{{ "{{" }}')
    return _HOLE.sub(_filled, text)


def values(objects: Mapping[str, Plain], knobs: Iterable[Knob]) -> Plain:
    """The defaults: what stands in the objects where the knobs are."""
    found: Plain = {}
    for knob in knobs:
        if knob.file in objects:
            *parents, last = knob.key.split(".")
            place = found
            for name in parents:
                place = place.setdefault(name, {})
            place.setdefault(last, default_of(knob, objects))
    return found


def default_of(knob: Knob, objects: Mapping[str, Plain]) -> Any:
    """What a knob stands at."""
    return knob.default if knob.default is not None else _get(objects[knob.file], knob.path)


def _expression(knob: Knob, value: Plain) -> str:
    if knob.expression:
        return knob.expression
    is_text = knob.kind == "value" and isinstance(_get(value, knob.path), str)
    return f".Values.{knob.key}" + (" | quote" if is_text else "")


def _filled(match: re.Match[str]) -> str:
    """A hole as Helm's template. Mappings and lists stand two columns further in than their key."""
    indent, lead, text = match["indent"], match["lead"], match["text"]
    depth = len(indent) + 2
    if match["kind"] == "value":
        return f"{indent}{lead}{{{{ {text} }}}}"
    if match["kind"] == "yaml":
        return f"{indent}{lead.rstrip()} {{{{- toYaml {text} | nindent {depth} }}}}"
    inner = f"{indent}{lead.rstrip()} {{{{- toYaml . | nindent {depth} }}}}"
    return f"{indent}{{{{- with {text} }}}}\n{inner}\n{indent}{{{{- end }}}}"


def _get(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def _put(value: Any, path: Path, found: object) -> None:
    """Put `found` at the path; a key that is not there comes first, so that a list after it stays last."""
    *parents, last = path
    for step in parents:
        value = value[step]
    value[last] = found
