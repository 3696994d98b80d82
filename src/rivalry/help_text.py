"""Parsers of commands whose ``--help`` leaves examples as they were written; argparse would run lines together."""

from __future__ import annotations

from typing import final

from jsonargparse import ArgumentParser, DefaultHelpFormatter


def command_parser(command: str, description: str | None, epilogue: str) -> ArgumentParser:
    """A parser for one of our commands, which raises what is wrong instead of ending the process."""
    return ArgumentParser(
        prog=f"rivalry {command}",
        description=description,
        epilog=epilogue,
        formatter_class=ExamplesAsWritten,
        exit_on_error=False,
        allow_abbrev=False,
    )


@final
class ExamplesAsWritten(DefaultHelpFormatter):
    """Wraps paragraphs of prose, and no others: those with indented lines keep their lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            part if "\n  " in part else super(ExamplesAsWritten, self)._fill_text(part, width, indent)
            for part in text.strip("\n").split("\n\n")
        )
