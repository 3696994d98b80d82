"""The analysis: prototypes of classes, units, directions and concepts, and how natural their path is.

Tagade & Rumbelow, "Prototype Generation: Robust Feature Visualisation for Data Independent Interpretability" (2023,
arXiv:2309.17144). The paper's body and the weights of its loss are not public: this is a reconstruction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import get_args

import pyarrow as pa
from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.numerics.nearest import nearest
from rivalry.prototypes.examples import Beside, Examples
from rivalry.prototypes.insight import Found, Insight, Known
from rivalry.prototypes.making import Making
from rivalry.prototypes.nature import Nature, NatureStream, Own
from rivalry.prototypes.objectives.targets import check_numbers
from rivalry.prototypes.objectives.values import Reading, Readout, check_reading
from rivalry.prototypes.optimisation import Kept, Recipe
from rivalry.prototypes.record.made import made_prototypes
from rivalry.prototypes.record.overview import completed, mosaic, scalars
from rivalry.prototypes.record.schemas import OURS, PLAIN, TABLES
from rivalry.prototypes.settled import directed, path_axes, settle
from rivalry.prototypes.study import Study, grouped, recipe_of
from rivalry.recording.analysis import Analysis, Finding
from rivalry.recording.axes import Layers, check_axes
from rivalry.recording.draws import check_draws
from rivalry.recording.finished import FinishedParts
from rivalry.recording.gathering import Packed, gather_tables, own_share
from rivalry.recording.layer_maps import Maps
from rivalry.recording.observation import Images, Listening, Observation
from rivalry.recording.progress import progress_bar
from rivalry.recording.ranks import rank_and_world
from rivalry.records import JSON

_CACHE = "prototypes"
"""Where finished groups of targets lie until the study is whole."""


class Prototypes(Analysis):
    """Makes images that the network takes for what it looks for, and says how natural they are to it.

    The pass takes statistics of the pictures, and finds natural ones beside each target. At its end targets are
    optimised, many at once; beside each prototype stands a plain Fourier feature visualisation, and the path of both
    through the network is compared with that of natural pictures. The record holds the tables of
    :mod:`rivalry.prototypes.record.schemas`, and those of the insight that was asked for. Memory: targets × pictures,
    the reservoir of :class:`Examples`, statistics of pictures (8 bytes × channels² × half the pixels), and one group of
    targets at a time. Ranks share the groups.

    A target that nothing in the probe set answers to, such as a dead unit, is said and skipped. With ``warm_steps`` a
    record of the epoch before is gone on from.

    There are more than eight arguments, since each is a line of a configuration that is chosen by itself.

    Args:
        targets: As in :mod:`rivalry.prototypes.objectives.targets`; by default the first twenty classes.
        recipe: By which prototypes are made, or its name in :data:`rivalry.prototypes.optimisation.RECIPES`.
        plain: By which the baseline of naturalness is made, or its name; None for no baseline.
        steps: Of the optimisations, in place of what the recipes say.
        layers: By which the path is judged, dotted names or globs, with axes of units where these cannot be told; by
            default all through which everything passes (:func:`rivalry.recording.path.path_of`).
        copies: Prototypes of each target.
        reading: Which places of a layer make the value of a unit: their ``mean`` or the ``centre``.
        own: A class's own pictures: ``labelled`` as it (predicted as it, where labels are of other classes), or the
            ``strongest``. Of all other targets they are the strongest.
        draws: Runs of the network that are averaged where LWTA layers draw their winners.
        examples: How many natural pictures stand beside.
        insight: What else is asked of prototypes.
        concepts: Folder of a record of concepts, for targets that are concepts.
        warm_steps: Steps of an optimisation that starts from the prototypes of the epoch before; None starts anew.
        seed: Of all that is drawn.
        name: Name of the record.

    Raises:
        ValueError: For no target or a number out of bounds, or an unknown recipe, reading or word for own pictures.
    """

    follows = True
    hears_directions = True

    def __init__(
        self,
        targets: Sequence[str] | None = None,
        recipe: Recipe | str = "prototype",
        plain: Recipe | str | None = "fourier",
        steps: int | None = None,
        layers: Layers | None = None,
        copies: int = 1,
        reading: Reading = "mean",
        own: Own = "labelled",
        draws: int = 1,
        examples: Examples = Examples(),  # noqa: B008 (it is frozen)
        insight: Insight | None = None,
        concepts: str | None = None,
        warm_steps: int | None = 60,
        seed: int = 0,
        name: str = "prototypes",
    ) -> None:
        _check(targets, {"copies": copies, "warm_steps": warm_steps, "steps": steps}, own)
        check_reading(reading)
        self.recipes = {OURS: recipe_of(recipe, steps)}
        if plain is not None:
            self.recipes[PLAIN] = recipe_of(plain, steps)
        self.targets, self.layers, self.copies, self.reading, self.own = targets, layers, copies, reading, own
        self.draws, self.examples, self.insight, self.concepts = draws, examples, insight, concepts
        self.warm_steps, self.seed, self.name = warm_steps, seed, name
        self._axes = {} if layers is None else check_axes(layers)
        self.taps = ()

    def check(self, network: nn.Module, dataset: ImageDataset) -> None:
        """Settle targets, path and taps by showing the network a picture.

        Raises:
            ValueError: For an unknown target, layer or unit, naming the nearest; a network that cannot take the
                pictures; or what the insight refuses.
        """
        further: tuple[str, ...] = ()
        if self.insight is not None:
            self.insight.check(network, dataset)
            further = self.insight.layers
        self._settled = settle(
            network, dataset, self.targets, self.layers, axes=self._axes, concepts=self.concepts, further=further
        )
        self.taps = tuple(dict.fromkeys((*self._settled.taps, *further)))
        path = self._settled.path
        held = [one.natural for one in self.recipes.values() if one.natural is not None]
        looked_at = any(natural.path for natural in held)  # else their axes need not be told
        axes = path_axes(network, path, dataset[0]["image"], self._axes) if looked_at else {}
        self._channels = axes if held else None

    def start(self, listening: Listening) -> None:
        """Begin to take statistics, and to look for natural pictures.

        Raises:
            ValueError: For several draws of a network that draws nothing, or a direction that its layer does not have.
        """
        check_draws(self.draws, listening.network)
        counts = {name: one.weights.shape[1] for name, one in listening.directions.items()}
        check_numbers(directed(self._settled.targets), counts)
        self._listening = listening
        self._stream = NatureStream(
            self._settled, listening, self.examples, self.own, self.reading, self._channels, self.seed
        )

    def observe(self, observation: Observation) -> None:
        """Take in a batch."""
        self._stream.update(observation)

    def conclude(self, network: nn.Module) -> Finding:
        """Make the prototypes, a group of targets after another, and judge them."""
        nature = self._stream.compute()
        beside, targets = nature.beside, self._settled.targets
        dead = [place for place, count in enumerate(beside.ranking.wins.tolist()) if not count]
        groups = grouped([place for place in range(len(targets)) if place not in dead], self.copies)
        done = FinishedParts(_CACHE, self._told(network, beside))
        parts = self._parts(nature, groups, done)
        gathered = gather_tables(parts, TABLES, self._listening.device)
        tables = completed(gathered, targets, [targets[place] for place in dead], self.seed)
        seen = self._look(tables, beside)
        done.forget()
        return Finding(
            {**scalars(tables), **seen.scalars},
            {**tables, **seen.tables},
            mosaic(tables["prototypes"]),
            self._settings(),
        )

    def _parts(self, nature: Nature, groups: Sequence[tuple[int, ...]], done: FinishedParts) -> list[Packed]:
        """What is found of this rank's groups."""
        listening = self._listening
        with progress_bar(shown=rank_and_world()[0] == 0) as bar:
            task = bar.add_task(self.name, total=None)

            def told(step: int, steps: int) -> None:
                bar.update(task, completed=step, total=steps)

            readout = Readout(self._settled.maps, listening.directions, self.reading)
            making = Making(listening, nature, readout, self.copies, self.draws, self.seed, on_step=told)
            study = Study(making, self.recipes, self._settled, self.examples, listening.previous, self.warm_steps)
            parts = []
            for group in own_share(range(len(groups))):
                bar.update(task, description=f"{self.name}, {group + 1} of {len(groups)} groups")
                parts.append(self._part(study, groups[group], done, group))
            return parts

    def _part(self, study: Study, places: tuple[int, ...], done: FinishedParts, group: int) -> Packed:
        """What is found of a group; it is kept for the case that the study is stopped."""
        before = done.get(group)
        if before is not None:
            return before
        kept = Kept()
        found = study.of(places, kept)
        done.keep(group, found)
        kept.forget()
        return found

    def _look(self, tables: Mapping[str, pa.Table], beside: Beside) -> Found:
        """What the insight sees in the prototypes. A collective."""
        made = made_prototypes(tables["prototypes"], self._settled.targets, self._listening.device)
        if self.insight is None or made is None:
            return Found()
        listening = self._listening
        own = {target.text: beside.own[place] for place, target in enumerate(self._settled.targets)}
        known = Known(
            listening.dataset, listening.device, self._show, own, self._settled.classes, listening.workers, self.seed
        )
        return self.insight.look(made, known)

    def _show(self, images: Images) -> tuple[Maps, Tensor]:
        """Maps of the layers that are mapped, and logits."""
        shown = self._listening.show(images)
        maps = self._settled.maps
        if maps is None:
            return {}, shown.logits
        own = {layer: shown.activations[layer] for layer in maps.shapes if layer in shown.activations}
        return maps.of(own, (images.shape[2], images.shape[3])), shown.logits

    def _told(self, network: nn.Module, beside: Beside) -> list[str | Tensor]:
        """All that the tables of a group depend on."""
        listening = self._listening
        directions = [tensor for one in listening.directions.values() for tensor in (one.weights, one.bias)]
        before = listening.previous
        start = [] if before is None else [json.dumps([before.epoch, before.step, before.settings])]
        texts = [version("rivalry"), json.dumps(self._settings()), listening.dataset.fingerprint, *start]
        return [*texts, state_fingerprint(network), beside.ranking.values, beside.natural_value, *directions]

    def _settings(self) -> dict[str, JSON]:
        settled = self._settled
        return {
            "targets": [target.text for target in settled.targets],
            "recipes": {method: repr(recipe) for method, recipe in self.recipes.items()},
            "path": list(settled.path),
            "copies": self.copies,
            "reading": self.reading,
            "own": self.own,
            "labelled": settled.labelled,
            "draws": self.draws,
            "examples": repr(self.examples),
            "insight": None if self.insight is None else dict(self.insight.settings),
            "warm_steps": self.warm_steps,
            "started_from": None if self._listening.previous is None else self._listening.previous.epoch,
            "prototypes_seed": self.seed,
            "unit_axes": {} if settled.maps is None else dict(settled.maps.axes),
        }


def _check(targets: Sequence[str] | None, counts: Mapping[str, int | None], own: str) -> None:
    """Refuse arguments that lie outside their bounds."""
    if targets is not None and not targets:
        raise ValueError("prototypes want one target at least, such as class:0; got none")
    for name, number in counts.items():
        if number is not None and number < 1:
            raise ValueError(f"{name} is 1 or more, got {number}")
    if own not in get_args(Own):
        raise ValueError(f"unknown word for own pictures {own!r}; nearest: {nearest(own, get_args(Own))}")
