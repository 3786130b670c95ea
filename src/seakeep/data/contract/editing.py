"""Changing a contract's text: what changed is written into it, and every other byte stays: comments, order, quotes, blank lines.

Used by `seakeep schema update` and `rename`. No YAML writer keeps a hand's layout, so nothing is written anew but the entries that changed:
the nodes know where they begin and end in the text, and each change is a piece of text put in place of another. The result is
read back, and where it does not say what it should (anchors and aliases make one text stand for two places), the contract is
written anew instead: right before beautiful.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from seakeep.core.files import write_text
from seakeep.data.contract.errors import BadContract
from seakeep.data.contract.nodes import compose
from seakeep.data.contract.reading import read_schema
from seakeep.data.contract.writing import (
    COLUMN_ORDER,
    TABLE_ORDER,
    VERSION,
    WIDTH,
    column_lines,
    contract_text,
    dump_schema,
    entry_lines,
    field_lines,
    flow_column,
    flow_field,
    is_usual,
    is_usual_of_table,
    key_of,
    refuse_contradictions,
    rule_field_lines,
    scalar,
    table_lines,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from seakeep.core.schema import ColumnSchema, RowRule, Schema

Edit = tuple[int, int, str]


def save_changed(before: Schema, after: Schema, path: Path | str, *, renamed: tuple[str, str] | None = None) -> bool:
    """Write `after` over the contract at `path`, which says `before`; whole or not at all.

    Parameters: renamed: the old and the new name of a column, where that is the change.
    Returns: whether all else was kept; False where the contract had to be written anew, and comments were lost.
    Raises: BadContract, where `after` contradicts itself, or the file cannot be read.
    """
    path = Path(path)
    refuse_contradictions(after, path)
    content = contract_text(path)
    text = changed_text(content.removeprefix("\ufeff"), before, after, renamed=renamed)
    mark = "\ufeff" if content.startswith("\ufeff") else ""
    write_text(path, mark + (dump_schema(after, file=path.name) if text is None else text))
    return text is not None


def changed_text(text: str, before: Schema, after: Schema, *, renamed: tuple[str, str] | None = None) -> str | None:
    """`text`, which says `before`, changed to say `after`; None where that cannot be done without writing it anew."""
    root = compose(text, "contract")
    if not isinstance(root, MappingNode):
        return None
    changed = _Text(text).changed(root, before, after, renamed)
    try:
        again = read_schema(changed, where="contract", version=VERSION)
    except BadContract:
        return None
    return changed if again == after and list(again.columns) == list(after.columns) else None


class _Text:
    """A contract's text, and the changes to be made in it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.newline = "\r\n" if "\r\n" in text else "\n"
        self.edits: list[Edit] = []
        self.removed: set[int] = set()

    def changed(self, root: MappingNode, before: Schema, after: Schema, renamed: tuple[str, str] | None) -> str:
        """The text with every change made, from the last to the first, so that places stay right."""
        for field in TABLE_ORDER:
            old, new = getattr(before, field), getattr(after, field)
            if old != new:
                lines = () if is_usual_of_table(field, new) else tuple(table_lines(field, new))
                self._set(root, field, lines, TABLE_ORDER)
        columns = _value(root, "columns")
        if isinstance(columns, MappingNode) and columns.value:
            self._columns(columns, before.columns, after.columns, renamed)
        elif after.columns:
            entries = [
                line for name, column in after.columns.items() for line in entry_lines(name, column_lines(column))
            ]
            self._write_columns(root, ("columns:", *(f"  {line}" for line in entries)))
        rules = _value(root, "rules")
        if isinstance(rules, MappingNode):
            self._rules(rules, before.rules, after.rules)
        text = self.text
        for (start, end, new), _ in sorted(((edit, i) for i, edit in enumerate(self.edits)), key=_place, reverse=True):
            text = text[:start] + new + text[end:]
        return text

    def _write_columns(self, root: MappingNode, lines: tuple[str, ...]) -> None:
        """Columns where there were none: `columns: {}`, or no such key."""
        entry = next(((key, value) for key, value in root.value if key.value == "columns"), None)
        if entry is None:
            self._insert(root, "columns", lines, (*TABLE_ORDER, "columns"))
        else:
            self.edits.append((entry[0].start_mark.index, self._end(entry[1]), self._indented(lines, _column_of(root))))

    def _columns(
        self,
        node: MappingNode,
        before: Mapping[str, ColumnSchema],
        after: Mapping[str, ColumnSchema],
        renamed: tuple[str, str] | None = None,
    ) -> None:
        """Columns of the table, or fields of a struct."""
        old, new = renamed or ("", "")
        for key, value in node.value:
            name = new if renamed and key.value == old else key.value
            if renamed and key.value == old:
                self._replace(key, scalar(new))
            if name in after and after[name] != before[key.value]:
                self._column(value, before[key.value], after[name])
        added = {name: column for name, column in after.items() if name not in before and name != new}
        if added and node.flow_style:
            self._insert_flow(node, [f"{scalar(name)}: {flow_column(column)}" for name, column in added.items()])
        elif added:
            lines = [line for name, column in added.items() for line in entry_lines(name, column_lines(column))]
            self._insert_after(node.value[-1][1], lines, _column_of(node))

    def _column(self, node: Node, before: ColumnSchema, after: ColumnSchema) -> None:
        changed = [field for field in ("kind", *COLUMN_ORDER) if _differ(getattr(before, field), getattr(after, field))]
        gone = [field for field in changed if field != "kind" and is_usual(field, getattr(after, field))]
        if not isinstance(node, MappingNode):
            return
        if gone and node.flow_style:
            self._replace(node, flow_column(after))
            return
        for field in (*gone, *(field for field in changed if field not in gone)):
            old, new = getattr(before, field), getattr(after, field)
            inner = _value(node, field)
            if field == "items" and old and new and inner is not None:
                self._column(inner, old, new)
            elif field == "fields" and old and set(old) <= set(new) and isinstance(inner, MappingNode):
                self._columns(inner, old, new)
            elif field == "values" and isinstance(inner, SequenceNode) and old and new and new[: len(old)] == old:
                self._append(inner, new[len(old) :])
            else:
                self._set_field(node, field, new, after)

    def _set_field(self, node: MappingNode, field: str, value: Any, column: ColumnSchema) -> None:
        key, order = key_of(field), ("kind", *(key_of(each) for each in COLUMN_ORDER))
        if field == "kind":
            self._set(node, key, (f"kind: {value.value}",), order)
        elif is_usual(field, value):
            self._set(node, key, (), order)
        elif node.flow_style:
            self._set(node, key, (flow_field(field, value, column.kind),), order)
        else:
            self._set(node, key, tuple(field_lines(field, value, column.kind)), order)

    def _rules(self, node: MappingNode, before: Sequence[RowRule], after: Sequence[RowRule]) -> None:
        for (_, value), old, new in zip(node.value, before, after, strict=False):
            for field in ("holds", "refers"):
                if getattr(old, field) != getattr(new, field) and isinstance(value, MappingNode):
                    self._set(value, field, tuple(rule_field_lines(field, getattr(new, field))), (field,))

    def _set(self, node: MappingNode, key: str, lines: tuple[str, ...], order: Sequence[str]) -> None:
        """Give `key` these lines (its own "key: value" and what belongs to it); none take it out."""
        entry = next(((k, v) for k, v in node.value if k.value == key), None)
        if entry is None:
            self._insert(node, key, lines, order)
        elif not lines:
            self._remove(node, entry)
        elif len(lines) == 1 and _is_inline(entry[1]):
            self.edits.append((*self._span(entry[1]), self._spaced(entry[1], lines[0].partition(": ")[2])))
        else:
            self.edits.append((entry[0].start_mark.index, self._end(entry[1]), self._indented(lines, _column_of(node))))

    def _spaced(self, value: Node, text: str) -> str:
        """A value where there was none (`label:`) needs a space before it."""
        start = int(value.start_mark.index)
        return text if start != value.end_mark.index or self.text[start - 1 : start].isspace() else f" {text}"

    def _insert(self, node: MappingNode, key: str, lines: tuple[str, ...], order: Sequence[str]) -> None:
        if not lines:
            return
        if node.flow_style:
            self._insert_flow(node, list(lines))
            return
        before = list(order)[: list(order).index(key)]
        stays = [(name, value) for name, value in node.value if id(value) not in self.removed]
        places = [value for name, value in stays if name.value in before] or [value for _, value in stays]
        self._insert_after(max(places, key=self._end), lines, _column_of(node))

    def _insert_after(self, node: Node, lines: Iterable[str], column: int) -> None:
        """New lines below the line on which `node` ends, its comment included."""
        end = self._line_end(self._end(node))
        self.edits.append((end, end, self.newline + " " * column + self._indented(tuple(lines), column)))

    def _insert_flow(self, node: MappingNode, entries: list[str]) -> None:
        at = self._end(node.value[-1][1]) if node.value else int(node.start_mark.index) + 1
        self.edits.append((at, at, (", " if node.value else "") + ", ".join(entries)))

    def _append(self, node: SequenceNode, values: Iterable[object]) -> None:
        """More items at the end of a list, in its own style."""
        items = [scalar(value) for value in values]
        if not node.flow_style:
            self._insert_after(node.value[-1], [f"- {item}" for item in items], int(node.start_mark.column))
            return
        at = self._end(node.value[-1])
        line = self.text.rfind("\n", 0, at) + 1
        width, indent = at - line, len(self.text[line:at]) - len(self.text[line:at].lstrip())
        added = ""
        for item in items:
            wraps = width + len(item) + 2 > WIDTH
            added += "," + (self.newline + " " * (indent + 2) if wraps else " ") + item
            width = indent + 2 + len(item) if wraps else width + len(item) + 2
        self.edits.append((at, at, added))

    def _remove(self, node: MappingNode, entry: tuple[Node, Node]) -> None:
        index = node.value.index(entry)
        self.removed.add(id(entry[1]))
        start, end = int(entry[0].start_mark.index), self._end(entry[1])
        if not node.flow_style:
            line = self.text.rfind("\n", 0, start) + 1
            self.edits.append((line, min(len(self.text), self._line_end(end) + len(self.newline)), ""))
        elif index + 1 < len(node.value):
            self.edits.append((start, int(node.value[index + 1][0].start_mark.index), ""))
        else:
            self.edits.append((self._end(node.value[index - 1][1]) if index else start, end, ""))

    def _replace(self, node: Node, text: str) -> None:
        self.edits.append((*self._span(node), text))

    def _span(self, node: Node) -> tuple[int, int]:
        return int(node.start_mark.index), self._end(node)

    def _end(self, node: Node) -> int:
        """Where a node's own text ends; a block's end mark lies beyond the comments and blank lines that follow it."""
        if isinstance(node, MappingNode) and not node.flow_style and node.value:
            return self._end(node.value[-1][1])
        if isinstance(node, SequenceNode) and not node.flow_style and node.value:
            return self._end(node.value[-1])
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        return start + len(self.text[start:end].rstrip()) if isinstance(node, ScalarNode) else end

    def _line_end(self, at: int) -> int:
        found = self.text.find(self.newline, at)
        return len(self.text) if found < 0 else found

    def _indented(self, lines: Sequence[str], column: int) -> str:
        return (self.newline + " " * column).join(lines)


def _value(node: MappingNode, key: str) -> Node | None:
    return next((value for name, value in node.value if name.value == key), None)


def _column_of(node: MappingNode) -> int:
    """The column in which the keys of a mapping stand."""
    return int(node.value[0][0].start_mark.column) if node.value else 0


def _is_inline(node: Node) -> bool:
    """Whether a value stands in one place behind its key, and can be replaced there."""
    return isinstance(node, ScalarNode) or (isinstance(node, MappingNode | SequenceNode) and bool(node.flow_style))


def _differ(old: object, new: object) -> bool:
    return old != new or type(old) is not type(new)


def _place(numbered: tuple[Edit, int]) -> tuple[int, int, int]:
    (start, end, _), number = numbered
    return start, end, number
