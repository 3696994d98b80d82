"""Names of classes for people: words instead of numbers and paths, and no two classes of one name."""

from collections import Counter
from collections.abc import Sequence

from timm.data.imagenet_info import ImageNetInfo


def distinct(names: Sequence[str], keys: Sequence[object]) -> tuple[str, ...]:
    """Tell classes of one name apart by their keys; ImageNet has two cranes.

    >>> distinct(["crane", "maillot", "crane"], [134, 638, 517])
    ('crane (134)', 'maillot', 'crane (517)')
    """
    count = Counter(names)
    return tuple(f"{name} ({key})" if count[name] > 1 else name for name, key in zip(names, keys, strict=True))


def readable(name: str) -> str:
    """A name as it is said, from the ways in which data sets write it.

    >>> [readable(name) for name in ("aquarium_fish", "/a/apartment_building/outdoor", "7 - seven")]
    ['aquarium fish', 'apartment building outdoor', 'seven']
    """
    parts = [part for part in name.split("/") if part]
    if name.startswith("/") and len(parts) > 1 and len(parts[0]) == 1:  # Places365 sorts into folders by first letter
        parts = parts[1:]
    number, dash, word = " ".join(parts).partition(" - ")
    return (word if dash and number.isdigit() else " ".join(parts)).replace("_", " ")


def wordnet_names(numbers: Sequence[str]) -> tuple[str, ...]:
    """The first word that WordNet has for each of its numbers, from the lists that come with timm.

    >>> wordnet_names(["n01440764", "n02012849", "n03126707"])
    ('tench', 'crane (n02012849)', 'crane (n03126707)')

    Raises:
        ValueError: If a number is unknown.
    """
    known = ImageNetInfo()
    words = []
    for number in numbers:
        try:
            words.append(known.label_name_to_description(number).split(",")[0])
        except KeyError as error:
            raise ValueError(
                f"{number!r} is no number of WordNet's that ImageNet uses, such as 'n01440764'; "
                "leave names='wordnet' out where folders bear the names themselves"
            ) from error
    return distinct(words, numbers)
