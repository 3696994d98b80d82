"""The captions of a picture: what a reader might say of it, from everything at once down to a single word.

The partial ones matter as much as the full one: a network that learnt from them understands single words, as needed
when units are named from a list of words.
"""

from collections.abc import Iterable

PLACES: dict[str, str] = {
    "meadow": "in a meadow",
    "beach": "on a beach",
    "night": "at night",
    "city": "in a city",
    "snow": "in the snow",
    "desert": "in a desert",
}
"""How a sentence speaks of each scene."""


def captions(scene: str, thing: str, colour: str, texture: str, parts: Iterable[str]) -> tuple[str, ...]:
    """Return all captions of a picture, the full one first; the last ones are single words.

    Args:
        scene: Name of the scene.
        thing: Name of the object.
        colour: Its colour.
        texture: Its texture.
        parts: Names of the parts that can be seen.

    >>> captions("beach", "car", "red", "striped", ("body", "wheel"))[:4]
    ('a striped red car on a beach', 'a striped red car', 'a red car on a beach', 'a striped car on a beach')
    >>> captions("beach", "car", "red", "striped", ("body", "wheel"))[8:]
    ('a car with body, wheel', 'body, wheel', 'car', 'red', 'striped', 'beach', 'body', 'wheel')
    """
    parts = tuple(parts)
    place, listed = PLACES[scene], ", ".join(parts)
    return (
        f"{_article(texture)} {texture} {colour} {thing} {place}",
        f"{_article(texture)} {texture} {colour} {thing}",
        f"{_article(colour)} {colour} {thing} {place}",
        f"{_article(texture)} {texture} {thing} {place}",
        f"{_article(colour)} {colour} {thing}",
        f"{_article(texture)} {texture} {thing}",
        f"{_article(thing)} {thing} {place}",
        f"{texture} {colour}",
        f"{_article(thing)} {thing} with {listed}",
        listed,
        *(thing, colour, texture, scene),
        *parts,
    )


def _article(word: str) -> str:
    """Return the indefinite article for a word."""
    return "an" if word[0] in "aeiou" else "a"
