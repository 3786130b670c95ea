"""How help is laid out: examples on one line, so that they can be pasted, and what each verb does in whole sentences.

Click wraps a docstring's paragraphs to the terminal's width, at hyphens too, and cuts the summaries of a group's commands off. Verbs and
groups of verbs are made of the classes below instead.
"""

from __future__ import annotations

import click

NAMES = ["-h", "--help"]
_EXAMPLES = ("Example:", "Another:")
_AS_IT_IS = "\b\n"  # click's sign that a paragraph is not to be wrapped
_SUMMARY = 200


class Formatter(click.HelpFormatter):
    """Leaves examples unwrapped."""

    def write_text(self, text: str) -> None:
        """Write paragraphs, wrapped to the width but for examples."""
        super().write_text("\n\n".join(map(_laid_out, text.split("\n\n"))))


class Context(click.Context):
    """Of a verb's call."""

    formatter_class = Formatter


class Command(click.Command):
    """A verb."""

    context_class = Context


class Group(click.Group):
    """Verbs behind a common word: `seakeep rollout start`."""

    context_class = Context

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of verbs, each with the first sentence of its help."""
        rows = [(name, self.commands[name].get_short_help_str(_SUMMARY)) for name in self.list_commands(ctx)]
        with formatter.section("Verbs"):
            formatter.write_dl(rows)


def _laid_out(paragraph: str) -> str:
    return _AS_IT_IS + " ".join(paragraph.split()) if paragraph.lstrip().startswith(_EXAMPLES) else paragraph
