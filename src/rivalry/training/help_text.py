"""``--help`` that leaves examples as they were written: argparse would run their lines together."""

from __future__ import annotations

from typing import final

from jsonargparse import DefaultHelpFormatter


@final
class ExamplesAsWritten(DefaultHelpFormatter):
    """Wraps paragraphs of prose, and no others: those with indented lines keep their lines."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(
            part if "\n  " in part else super(ExamplesAsWritten, self)._fill_text(part, width, indent)
            for part in text.strip("\n").split("\n\n")
        )
