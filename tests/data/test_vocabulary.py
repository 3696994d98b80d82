"""Vocabularies: by name, from files, and what is said where neither fits."""

from pathlib import Path

import pytest

from rivalry.data.picturebook import CONCEPTS
from rivalry.data.vocabulary import Vocabulary


def test_the_picturebook_vocabulary_names_every_concept_once() -> None:
    words = Vocabulary.load("picturebook").words
    assert words == tuple(concept.name for concept in CONCEPTS)
    assert len(set(words)) == len(words) == 16 + 41 + 8 + 5 + 6


def test_a_file_gives_a_phrase_a_line(tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("# animals\n  a cat \n\na dog\na cat\nsea urchin\n", encoding="utf-8")
    vocabulary = Vocabulary.load(file)
    assert vocabulary.words == ("a cat", "a dog", "sea urchin")
    assert len(vocabulary) == 3
    assert Vocabulary.load(str(file)) == vocabulary


def test_the_fingerprint_depends_on_words_and_order() -> None:
    prints = {Vocabulary(words).fingerprint for words in (("a", "b"), ("b", "a"), ("a", "b", "c"), ("a b",))}
    assert len(prints) == 4
    assert Vocabulary(("a", "b")).fingerprint == Vocabulary(("a", "b")).fingerprint


def test_a_wrong_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'picturebook'"):
        Vocabulary.load("picturebok")


def test_a_wrong_path_is_answered_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("a cat")
    with pytest.raises(ValueError, match=r"did you mean '.*words\.txt'"):
        Vocabulary.load(tmp_path / "word.txt")


def test_where_nothing_is_near_only_the_choice_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is one of 'picturebook' or a text file") as error:
        Vocabulary.load(tmp_path / "nowhere" / "x")
    assert "did you mean" not in str(error.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "at least one phrase"),
        (("a", ""), "not empty"),
        ((" a",), "no space around"),
        (("a", "b", "a"), "once only"),
    ],
)
def test_words_that_are_no_vocabulary_are_refused(words: tuple[str, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Vocabulary(words)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text("# nothing\n")
    with pytest.raises(ValueError, match="at least one phrase"):
        Vocabulary.load(tmp_path / "empty.txt")
