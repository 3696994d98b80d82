"""The analysis: directions of a layer in which few are on at a place, found without labels, beside other bases of it.

Doumanoglou, Asteriadis & Zarpalas, "Unsupervised Interpretable Basis Extraction for Concept-Based Visual Explanations"
(2023), reconstructed (see :mod:`rivalry.basis.rotation`); the supervised basis is that of Zhou, Sun, Bau & Torralba,
"Interpretable Basis Decomposition for Visual Explanation" (ECCV 2018).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import torch
from jaxtyping import Float
from torch import Tensor, nn

from rivalry.basis import rotation_tables, tables
from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.decomposition import Decomposition
from rivalry.basis.layer_bases import Fitted, LayerBases
from rivalry.basis.pixels import Pixels, Reservoir
from rivalry.basis.rotation import Recipe, Rotation, fit_rotation
from rivalry.basis.tables import FoundBasis, FoundLayer
from rivalry.clip.feature_cache import ImageFeatures
from rivalry.clip.towers import check_clip, load_clip
from rivalry.data.dataset import ImageDataset
from rivalry.numerics.matching import matched_cosine
from rivalry.numerics.sampling import draw, halves
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes
from rivalry.recording.directions import Directions
from rivalry.recording.layer_maps import LayerMaps, Maps, Shape
from rivalry.recording.linear_head import reading_classifier
from rivalry.recording.observation import Images, Listening, Observation
from rivalry.records import JSON

CLIP_PICTURES = 1000
"""Of the second half, for monosemanticity."""


class InterpretableBasis(Analysis):
    """Fits an interpretable basis to a layer, and says how much more interpretable it is than other bases.

    It is fitted at the start of a pass, to places of pictures of the first half, and goes on from the epoch before;
    the pass scores it, on the second half. Beside it stand the layer's own units, principal components and a random
    rotation, and where there are masks the probes of concepts. Without masks there are no labels and no scores.

    The fitted directions of ``layer3`` are offered to other analyses as the layer ``layer3@basis``, by its own name.
    The record holds the tables ``bases``, ``units``, ``directions``, ``rotations``, ``losses``, with masks also
    ``concepts``, and ``classes`` where a classifier reads the mean of the layer over its places. Memory: the reservoir
    of :mod:`rivalry.basis.pixels` before the pass, and the tallies of :mod:`rivalry.basis.detectors` in it, for each of
    five bases.

    Args:
        layers: Layers whose bases are wanted, dotted names or globs, with axes where these cannot be told (see
            :mod:`rivalry.recording.axes`).
        directions: Of the fitted basis, at most as many as the layer has units; as many by default.
        pixels: Places that are kept of a layer at most.
        recipe: How the rotation is fitted.
        clip: A CLIP, as for :func:`rivalry.clip.towers.load_clip`, for monosemanticity.
        categories: Of concepts; by default all that masks tell.
        seed: Decides halves, pictures and fits; the same halves as those of ``NetworkDissection``.
        name: Name of the record.

    Raises:
        ValueError: For a number that is not positive, an axis that holds no units, or a CLIP that is not known.
    """

    follows = True
    offers = True

    def __init__(
        self,
        layers: Layers,
        directions: int | None = None,
        pixels: int = 100_000,
        recipe: Recipe = Recipe(),  # noqa: B008 (it is frozen)
        clip: str | None = None,
        categories: Sequence[str] | None = None,
        seed: int = 0,
        name: str = "basis",
    ) -> None:
        _check(directions, pixels, seed)
        self._axes_given = check_axes(layers)
        self.taps = tuple(layers)
        self.name, self.wanted, self.pixels, self.recipe = name, directions, pixels, recipe
        self.clip, self.categories, self.seed = clip, categories, seed
        self.needs = frozenset({"masks"} if categories is not None else ())
        if clip is not None:
            check_clip(clip)

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Settle axes and sizes of the layers by showing the network a picture.

        Raises:
            ValueError: For a layer without places, more directions than it has units, fewer places than directions, a
                single picture, masks that do not lie on their pictures, or an unknown category.
        """
        if len(dataset) < 2:
            raise ValueError(f"a basis is fitted to one half and scored on the other: two pictures, got {len(dataset)}")
        self._truth = ConceptMasks.chosen(dataset, self.categories) if dataset.concepts else None
        self._first, self._second = halves(len(dataset), seed=self.seed)
        self._reservoir = Reservoir(dataset, self._first, self.pixels, self.seed, self._truth)
        self._maps = LayerMaps.settled(network, self.taps, self._axes_given, dataset[0]["image"])
        for layer, shape in self._maps.shapes.items():
            self._refuse_too_many(layer, shape)
            self._reservoir.rows(shape)

    def start(self, listening: Listening) -> None:
        """Show the network the chosen pictures, and fit every basis to their places."""
        self._listening = listening
        kept = self._reservoir.fill(self._maps.shapes, self._show, listening.device, listening.workers)
        drawn = self._second[draw(len(self._second), CLIP_PICTURES, self.seed)]
        self._pictures = None if self.clip is None else drawn.sort().values.to(listening.device)
        self._clip_fingerprint: str | None = None
        self._earlier: dict[str, Rotation] = {}
        self._layers = {layer: self._fit(layer, pixels) for layer, pixels in kept.items()}

    def directions(self) -> Mapping[str, Directions]:
        """The fitted bases, by layer."""
        return {layer: self._offered(layer) for layer in self._layers}

    def observe(self, observation: Observation) -> None:
        """Take in what the directions of all bases make of a batch."""
        size = observation.images.shape[2], observation.images.shape[3]
        masks = observation.masks
        spoken = None if self._truth is None or masks is None else self._truth.of(masks, size)
        first = torch.isin(observation.index, self._first.to(observation.index.device))
        maps, winners = self._maps.of(observation.activations, size), self._maps.of(observation.winners, size)
        for layer, bases in self._layers.items():
            won = winners[layer].long() if layer in winners else None
            bases.add(observation.index, maps[layer], won, spoken, first)

    def conclude(self, network: nn.Module) -> Finding:
        """Judge every basis, layer by layer."""
        features = self._clip_features()
        found = {layer: self._found(layer, bases, features) for layer, bases in self._layers.items()}
        rotations = {layer: bases.fitted.rotation for layer, bases in self._layers.items()}
        concepts = () if self._truth is None else self._truth.concepts
        compared = tables.basis_table(found, self.seed)
        made = {
            "bases": compared,
            "units": tables.unit_table(found, concepts, self.name),
            "concepts": tables.concept_table(found, concepts),
            "classes": tables.class_table(found, concepts),
            "directions": rotation_tables.direction_table(self.directions()),
            "rotations": rotation_tables.rotation_table(rotations, list(self._earlier)),
            "losses": rotation_tables.loss_table(rotations),
        }
        kept = {name: table for name, table in made.items() if len(table)}
        return Finding(tables.scalars(compared, found), kept, settings=self._settings())

    def _show(self, images: Images) -> Maps:
        """What the heard network makes of pictures."""
        return self._maps.of(self._listening.show(images).activations, (images.shape[2], images.shape[3]))

    def _refuse_too_many(self, layer: str, shape: Shape) -> None:
        """Refuse a layer that cannot have so many directions."""
        wanted, places = self._count(layer), self._reservoir.places(shape)
        if wanted > shape[0]:
            raise ValueError(f"layer {layer!r} has {shape[0]} units, and no more directions; asked for {wanted}")
        if places < wanted:
            raise ValueError(
                f"layer {layer!r} keeps {places} places (it has {shape[1]} × {shape[2]} a picture), and to fit "
                f"{wanted} directions takes as many: give fewer of them, or {self._more_places()}"
            )

    def _more_places(self) -> str:
        """What would give more: the reservoir is full, or holds all pictures of the first half."""
        short = len(self._first) < self.pixels
        return f"more pictures (half of {2 * len(self._first)} now)" if short else f"more pixels ({self.pixels} now)"

    def _count(self, layer: str) -> int:
        """Number of a layer's directions."""
        return self._maps.shapes[layer][0] if self.wanted is None else self.wanted

    def _fit(self, layer: str, pixels: Pixels) -> LayerBases:
        """Every basis of a layer. A collective."""
        listening, count, recipe = self._listening, self._count(layer), self.recipe
        channels = self._maps.shapes[layer][0]
        earlier = rotation_tables.earlier_rotation(listening.previous, layer, channels, count)
        if earlier is not None:
            self._earlier[layer], recipe = earlier, recipe.warm()
        rotation = fit_rotation(pixels.vectors, count, recipe=recipe, start=earlier, seed=self.seed, progress=True)
        fitted = Fitted.to(pixels, rotation, seed=self.seed)
        return LayerBases(fitted, pixels, self._truth, self._pictures, listening.competitors.get(layer))

    def _offered(self, layer: str) -> Directions:
        one = self._layers[layer].fitted.rotation.directions()
        return Directions(one.weights, one.bias, self._maps.axes[layer])

    def _found(self, layer: str, bases: LayerBases, features: Float[Tensor, "pictures features"] | None) -> FoundLayer:
        judged, alike = bases.judge(), bases.monosemanticity(features)
        found = {
            name: FoundBasis(answers, judged.get(name), alike.get(name)) for name, answers in bases.answers.items()
        }
        earlier, moved = self._earlier.get(layer), None
        if earlier is not None:
            # Where the basis is orthonormal: weights of raw channels are ruled by channels that hardly vary.
            matrix = bases.fitted.rotation.matrix
            moved = matched_cosine(matrix.T, earlier.matrix.to(matrix).T)[0]
        return FoundLayer(found, moved, self._classes(layer, bases.fitted))

    def _classes(self, layer: str, fitted: Fitted) -> dict[str, Decomposition]:
        """What classes are made of, where a classifier reads the mean of the layer over its places."""
        dataset = self._listening.dataset
        image = dataset[0]["image"][None].to(self._listening.device)
        shown = self._listening.show(image)
        maps = self._maps.of(shown.activations, (image.shape[2], image.shape[3]))[layer]
        classifier = reading_classifier(self._listening.network, maps, shown.logits)
        if classifier is None:
            return {}
        numbers = [str(place) for place in range(classifier.out_features)]
        ours = len(dataset.classes) == len(numbers)  # a network may be asked of pictures that have classes of their own
        return fitted.classes(classifier, dataset.classes if ours else numbers)

    def _clip_features(self) -> Float[Tensor, "pictures features"] | None:
        if self.clip is None or self._pictures is None:
            return None
        listening = self._listening
        clip = load_clip(self.clip, str(listening.device))
        self._clip_fingerprint = clip.fingerprint
        return ImageFeatures(clip).of(listening.dataset, self._pictures.tolist(), workers=listening.workers)

    def _settings(self) -> dict[str, JSON]:
        truth, reservoir = self._truth, self._reservoir
        categories = [] if truth is None else dict.fromkeys(concept.category for concept in truth.concepts)
        return {
            "basis_seed": self.seed,
            "recipe": asdict(self.recipe),
            "places": {layer: reservoir.places(shape) for layer, shape in self._maps.shapes.items()},
            "categories": list(categories),
            "warm": list(self._earlier),
            "unit_axes": dict(self._maps.axes),
            "clip": self.clip,
            "clip_fingerprint": self._clip_fingerprint,
            "clip_pictures": 0 if self._pictures is None else len(self._pictures),
        }


def _check(directions: int | None, pixels: int, seed: int) -> None:
    """Refuse numbers that lie outside their bounds."""
    for name, number in (("directions", directions), ("pixels", pixels)):
        if number is not None and number < 1:
            raise ValueError(f"{name} is 1 or more, got {number}")
    if seed < 0:
        raise ValueError(f"seed is 0 or more, got {seed}")
