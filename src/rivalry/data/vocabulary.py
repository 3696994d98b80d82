"""Vocabularies: the words and phrases that an analysis may choose from when it names a unit.

A vocabulary is a tuple of phrases without repeats. It comes with the package (``"picturebook"``: every concept that
PictureBook draws) or from a text file with one phrase a line, where empty lines and lines that begin with ``#`` are
left out.
"""

import difflib
import hashlib
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from rivalry.data.paths import expand
from rivalry.data.picturebook.concepts import CONCEPTS


@dataclass(frozen=True)
class Vocabulary:
    """An ordered set of phrases.

    >>> words = Vocabulary(("a cat", "a dog"))
    >>> len(words), words.fingerprint[:8]
    (2, 'f658c42a')

    Args:
        words: The phrases, in the order in which similarities are computed.

    Raises:
        ValueError: Where there is no phrase, an empty one, or one that occurs twice.
    """

    words: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.words:
            raise ValueError("a vocabulary needs at least one phrase; given none")
        if any(word != word.strip() or not word for word in self.words):
            bad = next(word for word in self.words if word != word.strip() or not word)
            raise ValueError(f"a phrase has no space around it and is not empty; given {bad!r}")
        repeated = [word for word, count in Counter(self.words).items() if count > 1]
        if repeated:
            raise ValueError(f"a phrase may occur once only; given more than once: {', '.join(repeated[:5])}")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def fingerprint(self) -> str:
        """Hex digest of the phrases and their order."""
        return hashlib.sha256("\n".join(self.words).encode()).hexdigest()

    @classmethod
    def load(cls, source: str | Path) -> "Vocabulary":
        """Load a vocabulary by name, or from a text file with one phrase a line.

        Phrases that a file repeats are taken once, at their first place.

        Args:
            source: A name in `BUILT_IN`, or a path, in which ``~`` and environment variables may stand.

        Raises:
            ValueError: Where ``source`` is neither a known name nor a file (close matches are named), or a variable is
                not set.
        """
        if str(source) in BUILT_IN:
            return cls(BUILT_IN[str(source)])
        path = expand(source)
        if not path.is_file():
            raise ValueError(_unknown(path))
        lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
        return cls(tuple(dict.fromkeys(line for line in lines if line and not line.startswith("#"))))


BUILT_IN: dict[str, tuple[str, ...]] = {"picturebook": tuple(concept.name for concept in CONCEPTS)}
"""The vocabularies that come with the package, by name."""


def _unknown(path: Path) -> str:
    """Say what was given, what was wanted, and what comes near."""
    neighbours = [str(file) for file in path.parent.glob("*") if file.is_file()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(str(path), [*BUILT_IN, *neighbours], n=3)
    hint = f"; did you mean {' or '.join(repr(name) for name in near)}?" if near else ""
    return f"a vocabulary is one of {', '.join(map(repr, BUILT_IN))} or a text file; given {str(path)!r}{hint}"
