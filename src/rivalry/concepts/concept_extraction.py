"""The analysis: the concepts of every class, what each counts for, and the strategies behind its predictions.

Fel, Boutin, Béthune, Cadène, Moayeri, Andéol, Chalvidal & Serre, "A Holistic Approach to Unifying Automatic Concept
Extraction and Concept Importance Estimation" (NeurIPS 2023).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from importlib.metadata import version

import torch
from torch import Tensor, nn

from rivalry.clip.towers import check_clip
from rivalry.concepts.answer import NetworkAnswer
from rivalry.concepts.extraction import NMF, Extraction, Fitted
from rivalry.concepts.extraction.natural import Orthonormal
from rivalry.concepts.importance import GradientInput, Importance
from rivalry.concepts.one_class import FITTED_ROWS, Heard, Truth, study_class
from rivalry.concepts.plan import Plan
from rivalry.concepts.predictions import (
    COLUMNS,
    UNLABELLED,
    ClassPictures,
    chosen_classes,
    pictures_of,
    prediction_rows,
)
from rivalry.concepts.record.class_record import ClassRecord, Writing
from rivalry.concepts.record.overview import overview, scalars
from rivalry.concepts.record.schemas import CLASS_TABLES
from rivalry.concepts.record.speech import Speech
from rivalry.concepts.weighing import Behind
from rivalry.data.class_names import distinct
from rivalry.data.dataset import ImageDataset
from rivalry.data.vocabulary import Vocabulary
from rivalry.data.watermark.marked import marked_pictures
from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes
from rivalry.recording.directions import MARK
from rivalry.recording.draws import check_draws
from rivalry.recording.finished import FinishedParts
from rivalry.recording.gathering import Packed, gather_tables, own_share, packed
from rivalry.recording.layer_maps import LayerMaps, Maps, Places, check_places
from rivalry.recording.linear_head import reading_classifier
from rivalry.recording.observation import Images, Listening, Observation
from rivalry.recording.progress import progress_bar
from rivalry.recording.ranks import rank_and_world
from rivalry.recording.rest import Rest
from rivalry.recording.sample_rows import Rows, SampleRows
from rivalry.records import JSON

LIMIT = 2**31
"""Bytes that the pictures of a class and what the layers make of them may take together."""

_CACHE = "concepts"
"""Where finished classes lie until the study is whole."""

_TRIED = 4
"""Pictures by which it is found out what stands behind a layer."""


class ConceptExtraction(Analysis):
    """Says of every class by which concepts, and by which strategies, pictures are taken for it.

    The pass tells which pictures are predicted as which class. At its end each class in turn is looked at: some of its
    pictures are shown again, concepts are found in each layer, weighed, judged, and its pictures grouped by what
    counted. The record holds the tables of :mod:`rivalry.concepts.record.schemas` and ``directions``, by which other
    analyses may hear concepts as units. Memory: two numbers a picture; of one class at a time the pictures and maps,
    ``LIMIT`` bytes at most; the tables; and of every concept its vector. Ranks share the classes.

    There are more than eight arguments, since each is a line of a configuration that is chosen by itself.

    Args:
        layers: Layers, dotted names or globs, with axes where these cannot be told (see :mod:`rivalry.recording.axes`).
        extraction: By which concepts are found.
        concepts: How many of each class.
        importance: Which says how much each counts in each picture.
        classes: By name; all by default.
        images: Pictures of a class that are looked at, at most, drawn by seed of those predicted as it.
        clip: A CLIP, as for :func:`rivalry.clip.towers.load_clip`, that names concepts by their crops.
        vocabulary: The words for it, or the name or file of them.
        compared: Further extractions, judged beside the first.
        importances: Further methods of importance, judged beside the first.
        pooled: Find concepts in the means of pictures instead of in their places.
        places: ``positions``, or ``class_token`` for that of a vision transformer alone.
        draws: Runs of the network that are averaged where LWTA layers draw their winners.
        drawn: Pictures of a class in the table ``pictures``, with thumbnails, at most.
        seed: Of all that is drawn.
        name: Name of the record.

    Raises:
        ValueError: For a number out of bounds, extractions or methods of one name, unknown places, a layer of
            directions, an axis that holds no units, or a CLIP that is not known or has no vocabulary of two words.
    """

    hears_directions = True

    def __init__(
        self,
        layers: Layers,
        extraction: Extraction = NMF(),  # noqa: B008 (it is frozen)
        concepts: int = 10,
        importance: Importance = GradientInput(),  # noqa: B008 (it is frozen)
        classes: Sequence[str] | None = None,
        images: int = 500,
        clip: str | None = None,
        vocabulary: Vocabulary | str | None = None,
        compared: Sequence[Extraction] = (),
        importances: Sequence[Importance] = (),
        pooled: bool = False,
        places: Places = "positions",
        draws: int = 1,
        drawn: int = 100,
        seed: int = 0,
        name: str = "concepts",
    ) -> None:
        self.plan = Plan(extraction, concepts, importance, tuple(compared), tuple(importances), pooled, seed)
        self._axes_given = check_axes(layers)
        _check(layers, {"images": images, "draws": draws}, drawn, (clip, vocabulary))
        check_places(places)
        self._own, self._places = tuple(layers), places
        self.taps = (*self._own, *self.plan.directed(self._own))
        self.classes, self.images, self.draws, self.drawn, self.name = classes, images, draws, drawn, name
        self.clip = clip
        self.vocabulary = Vocabulary.load(vocabulary) if isinstance(vocabulary, str) else vocabulary
        if self.vocabulary is not None and len(self.vocabulary) < 2:
            raise ValueError("to choose a name takes two words at least, and the vocabulary has one")
        if clip is not None:
            check_clip(clip)

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Settle axes and sizes of the layers by showing the network a picture.

        Raises:
            ValueError: For an unknown class or layer, one without places, more concepts than an extraction finds in a
                layer, or pictures that would take more than ``LIMIT``.
        """
        numbers = [name for name in self.classes or () if name.isdecimal()]  # of a network with classes of its own
        chosen_classes(self.classes, [*_names_of(dataset), *numbers])
        image = dataset[0]["image"]
        self._maps = LayerMaps.settled(network, self._own, self._axes_given, image, places=self._places, vectors=True)
        each = image.numel() + sum(4 * math.prod(shape) for shape in self._maps.shapes.values())
        most = LIMIT // each
        if min(self.images, len(dataset)) > most:
            raise ValueError(
                f"{self.images} pictures of a class with their layers take {self.images * each / 2**30:.1f} GiB, and "
                f"the limit is {LIMIT / 2**30:.0f} GiB: give images={most} at most, or fewer layers"
            )
        for layer, (channels, _, _) in self._maps.shapes.items():
            self.plan.check(layer, channels)

    def start(self, listening: Listening) -> None:
        """Find out what stands behind each layer, and begin to note predictions.

        Raises:
            ValueError: For a layer on which the logits do not depend, or that gives them itself; several draws of a
                network that draws nothing.
        """
        check_draws(self.draws, listening.network)
        self._listening = listening
        self._rows = SampleRows(COLUMNS, len(listening.dataset)).to(listening.device)
        count = min(_TRIED, len(listening.dataset))
        images = torch.stack([listening.dataset[place]["image"] for place in range(count)]).to(listening.device)
        heard, logits = self._show(images)
        directions = [tensor for one in listening.directions.values() for tensor in (one.weights, one.bias)]
        self._seen: list[str | Tensor] = [state_fingerprint(listening.network), logits, *heard.values(), *directions]
        self._behind = {layer: self._look_behind(layer, images, maps, logits) for layer, maps in heard.items()}
        self._plans = {layer: self.plan.bound(layer, listening.directions) for layer in heard}
        dataset = listening.dataset
        self._ours = len(dataset.classes) == logits.shape[1]
        self._names = _names_of(dataset) if self._ours else tuple(str(number) for number in range(logits.shape[1]))
        self._chosen = chosen_classes(self.classes, self._names)

    def observe(self, observation: Observation) -> None:
        """Note which class each picture was taken for."""
        if observation.logits is None:
            raise ValueError("wanted logits of every batch, and one came without")
        self._rows.update(prediction_rows(observation.logits, observation.labels), observation.index)

    def conclude(self, network: nn.Module) -> Finding:
        """Study the classes, one after another."""
        device, rows = self._listening.device, self._rows.compute()
        self._marked = marked_pictures(self._listening.dataset)
        speech = None
        if self.clip is not None and self.vocabulary is not None:
            speech = Speech(self.clip, self.vocabulary, device)
        settings = self._settings(speech)
        told = [version("rivalry"), json.dumps(settings), self._listening.dataset.fingerprint]
        done = FinishedParts(_CACHE, [*told, *self._seen, rows.values])
        with progress_bar(shown=rank_and_world()[0] == 0) as bar:
            own = bar.track(own_share(self._chosen), description=self.name)
            parts = [done.get(class_) or self._studied(done, rows, class_, speech) for class_ in own]
        made = overview(gather_tables(parts, CLASS_TABLES, device), self._offered(), speech)
        done.forget()
        return Finding(scalars(made, self.plan.extraction.name), made, settings=settings)

    def _studied(self, done: FinishedParts, rows: Rows, class_: int, speech: Speech | None) -> Packed:
        """Study a class, and keep what is found for the case that the study is stopped."""
        found = self._study(rows, class_, speech)
        done.keep(class_, found)
        return found

    def _study(self, rows: Rows, class_: int, speech: Speech | None) -> dict[str, bytes]:
        """Everything that is written of one class."""
        pictures = pictures_of(rows, class_, self.images, self.plan.seed)
        known = _names_of(self._listening.dataset)
        record = ClassRecord(
            self._names[class_],
            class_,
            pictures,
            self._truth(pictures, class_),
            tuple(None if label == UNLABELLED else known[label] for label in pictures.labels.tolist()),
            Writing(self._names, self.drawn, self.draws, self.plan.seed),
        )
        few = _too_few(pictures, self.plan.concepts)
        if few is not None:
            for layer in self._behind:
                record.refuse(layer, few)
            return packed(record.tables())
        images, maps, logits = self._shown(pictures)
        for layer, behind in self._behind.items():
            heard = Heard(images, maps[layer], logits[:, class_], record.truth)
            found = study_class(self._plans[layer], behind, heard, class_)
            if isinstance(found, str):
                record.refuse(layer, found)
            else:
                record.add(layer, heard, found, behind.classifier, speech)
        return packed(record.tables())

    def _truth(self, pictures: ClassPictures, class_: int) -> Truth:
        marked = None if self._marked is None else torch.from_numpy(self._marked[pictures.index.numpy()])
        return Truth(pictures.correct(class_) if self._ours else None, marked)

    def _shown(self, pictures: ClassPictures) -> tuple[Tensor, Maps, Tensor]:
        """The pictures of a class, and what the network makes of them."""
        listening = self._listening
        images, maps, logits = [], [], []
        for batch in pictures.batches(listening.dataset, listening.workers):
            images.append(batch.to(listening.device))
            heard, answered = self._show(images[-1])
            maps.append(heard)
            logits.append(answered)
        joined = {layer: torch.cat([heard[layer] for heard in maps]) for layer in self._behind}
        return torch.cat(images), joined, torch.cat(logits)

    def _show(self, images: Images) -> tuple[Maps, Tensor]:
        """What the heard network makes of pictures: maps of the layers, and logits."""
        shown = self._listening.show(images)
        own = {layer: shown.activations[layer] for layer in self._maps.shapes}
        return self._maps.of(own, (images.shape[2], images.shape[3])), shown.logits

    def _look_behind(self, layer: str, images: Tensor, maps: Tensor, logits: Tensor) -> Behind:
        """What stands behind a layer; or an error where nothing does that could be asked."""
        listening = self._listening
        classifier = reading_classifier(listening.network, maps, logits)
        if classifier is None:
            with Rest(listening.network, layer, images, listening.forward) as rest:
                one = Orthonormal(torch.eye(1, maps.shape[1], device=maps.device), Fitted(0, True, 0.0))
                NetworkAnswer(rest, self._maps, one, 0, self.draws)
        return Behind(layer, listening.network, listening.forward, self._maps, classifier, self.draws, self.plan.seed)

    def _offered(self) -> dict[str, int | None]:
        """Axis of units of the layers; None of those whose concepts are no directions of their places."""
        shapes = self._maps.shapes
        held = {layer for layer in shapes if self._places == "positions" and shapes[layer][1:] != (1, 1)}
        return {layer: self._maps.axes[layer] if layer in held else None for layer in self._behind}

    def _settings(self, speech: Speech | None) -> dict[str, JSON]:
        plan = self.plan
        return {
            "extraction": repr(plan.extraction),
            "concepts": plan.concepts,
            "importance": repr(plan.importance),
            "compared": [repr(one) for one in plan.compared],
            "importances": [repr(one) for one in plan.importances],
            "classes": [self._names[class_] for class_ in self._chosen],
            "images": self.images,
            "pooled": plan.pooled,
            "places": self._places,
            "draws": self.draws,
            "drawn": self.drawn,
            "concepts_seed": plan.seed,
            "fitted_rows": FITTED_ROWS,
            "linear": [layer for layer, behind in self._behind.items() if behind.classifier is not None],
            "unit_axes": {layer: self._maps.axes[layer] for layer in self._behind},
            "clip": self.clip,
            "clip_fingerprint": None if speech is None else speech.fingerprint,
            "vocabulary": None if speech is None or self.vocabulary is None else self.vocabulary.fingerprint,
        }


def _names_of(dataset: ImageDataset) -> tuple[str, ...]:
    """What classes are called; those of one name are told apart by number."""
    return distinct(dataset.classes, range(len(dataset.classes)))


def _too_few(pictures: ClassPictures, concepts: int) -> str | None:
    """Why a class has too few pictures, if it has."""
    if not len(pictures):
        return "no picture was taken for the class"
    if len(pictures) < max(2, concepts):
        return f"{len(pictures)} pictures were taken for the class, and {concepts} concepts want as many at least"
    return None


def _check(layers: Layers, counts: Mapping[str, int], drawn: int, naming: tuple[object, object]) -> None:
    """Refuse arguments that lie outside their bounds, or that want another."""
    directed = [layer for layer in layers if MARK in layer]
    if directed:
        raise ValueError(
            f"concepts are found in layers of the network, got {directed[0]!r}; directions of one are an extraction: "
            "rivalry.concepts.extraction.Basis"
        )
    for name, number in counts.items():
        if number < 1:
            raise ValueError(f"{name} is 1 or more, got {number}")
    if drawn < 0:
        raise ValueError(f"drawn is 0 or more, got {drawn}")
    if (naming[0] is None) != (naming[1] is None):
        given, missing = ("clip", "vocabulary") if naming[1] is None else ("vocabulary", "clip")
        raise ValueError(f"a name takes a clip and a vocabulary, got {given} alone: give a {missing} too")
