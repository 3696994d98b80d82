"""Everything PictureBook draws has a name: its classes, their parts, and the concepts of its five categories.

The categories are those of Broden (Bau et al. 2017, Network Dissection, arXiv:1704.05796): scene, object, part, colour,
texture. A part is shared by the objects that have it: cars and buses have wheels.
"""

from collections.abc import Callable

from rivalry.data.dataset import Concept
from rivalry.data.picturebook import creatures, things
from rivalry.data.picturebook.brush import Brush
from rivalry.data.picturebook.palette import PAINTS
from rivalry.data.picturebook.scenes import SCENES
from rivalry.data.picturebook.textures import TEXTURES

OBJECTS: dict[str, Callable[[Brush], None]] = {
    "car": things.car,
    "bus": things.bus,
    "house": things.house,
    "boat": things.boat,
    "rocket": things.rocket,
    "balloon": things.balloon,
    "umbrella": things.umbrella,
    "cup": things.cup,
    "tree": creatures.tree,
    "flower": creatures.flower,
    "mushroom": creatures.mushroom,
    "fish": creatures.fish,
    "bird": creatures.bird,
    "butterfly": creatures.butterfly,
    "cat": creatures.cat,
    "snail": creatures.snail,
}
"""The classes: how each is drawn, by name."""

_PARTS = """
body window wheel door wall roof chimney hull sail mast flag fin nose flame envelope rope basket canopy handle tip
bowl rim saucer steam crown trunk petal centre stem leaf cap eye tail beak wing leg antenna head ear whisker shell
"""

PARTS: tuple[str, ...] = tuple(_PARTS.split())
"""The parts that objects are made of."""

SOMETIMES: dict[str, float] = {
    **dict.fromkeys(("chimney", "flag", "flame", "steam", "saucer", "leaf"), 0.5),
    **dict.fromkeys(("door", "mast", "fin", "nose", "rope", "handle", "tip", "rim", "centre"), 0.8),
    **dict.fromkeys(("tail", "leg", "antenna", "whisker"), 0.8),
    **dict.fromkeys(("wheel", "window", "basket", "trunk", "beak", "ear"), 0.85),
    "sail": 0.9,
}
"""How often an object has a part that it need not have. Without these, whatever tells a sail would tell a boat."""

NAMES: dict[str, tuple[str, ...]] = {
    "scene": tuple(SCENES),
    "object": tuple(OBJECTS),
    "part": PARTS,
    "colour": tuple(PAINTS),
    "texture": tuple(TEXTURES),
}
"""The names in each category, in the order of `rivalry.data.dataset.CATEGORIES`; there is no material."""

CONCEPTS: tuple[Concept, ...] = tuple(Concept(name, category) for category, names in NAMES.items() for name in names)
"""All concepts, category after category."""

FIRST: dict[str, int] = {
    category: next(place for place, concept in enumerate(CONCEPTS, start=1) if concept.category == category)
    for category in NAMES
}
"""One plus the position of each category's first concept: the value that stands for it in a mask."""
