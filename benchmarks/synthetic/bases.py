"""Records of what units and directions detect by masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from rivalry.records import Record
from synthetic.pictures import mosaic
from synthetic.values import filled, lists, named, scalars, settings
from synthetic.world import CATEGORIES, Moment, World

POLICIES = ("quantile", "quantile_2020", "chosen", "wins")
BASES = ("natural", "pca", "random", "unsupervised", "supervised")
DIRECTIONS, LABELLED, SHOWN = 64, 200, 4


def detectors(world: World, moment: Moment) -> Record:
    """Every unit held against the masks of concepts."""
    random, count = world.random(moment.epoch, "detectors"), world.all_units
    layers, pairs = len(world.layers), len(world.layers) * len(POLICIES)
    labels = {name: _labels(world, random, count) for name in ("label", "auroc_label", "label_quantile_2020",
                                                               "label_chosen", "label_wins")}  # fmt: skip
    concepts = min(LABELLED, len(world.concepts))
    of_pair = {"layer": named(world.layers, np.arange(pairs) // len(POLICIES)),
               "policy": named(POLICIES, np.arange(pairs) % len(POLICIES))}  # fmt: skip
    each = np.repeat(np.arange(pairs), len(CATEGORIES))
    tables = {
        "units": filled("detectors", "units", count, random, layer=named(world.layers, world.layer_column()),
                        unit=world.unit_column(), iou_bias=None, threshold_bias=None,
                        category=named(CATEGORIES, random.integers(0, len(CATEGORIES), count)), **labels),
        "concepts": filled("detectors", "concepts", layers * concepts, random, iou_bias=None, unit_bias=None,
                           layer=named(world.layers, np.arange(layers * concepts) // concepts), **{
                               name: _below(world, random, concepts)
                               for name in ("unit", "auroc_unit", "unit_quantile_2020", "unit_chosen", "unit_wins")},
                           detectable=random.random(layers * concepts) < 0.9, **_concepts(concepts, layers, world)),
        "categories": filled("detectors", "categories", len(each), random, **{
            name: column.take(pa.array(each)) for name, column in of_pair.items()},
            category=named(CATEGORIES, np.arange(len(each)) % len(CATEGORIES))),
        "layers": filled("detectors", "layers", pairs, random, **of_pair,
                         units=np.repeat(np.array(world.units), len(POLICIES))),
    }  # fmt: skip
    rows = [{"layer": world.layers[-1], "unit": unit} for unit in range(min(SHOWN, world.units[-1]))]
    layout = {"rows": rows, "columns": 6, "height": 64, "width": 64, "gap": 4}
    how = settings(world.layers, samples=world.pictures, detectors=layout, policy="quantile", quantile=0.005,
                   halves=True, categories=list(CATEGORIES))  # fmt: skip
    said = scalars("detectors", moment.progress, random, units=count, concepts=concepts)
    images = {"detectors": mosaic(len(rows), 6, 64, 4)}
    return Record("detectors", moment.epoch, moment.step, said, tables, images, how)


def basis(world: World, moment: Moment) -> Record:
    """A basis fitted to the last layer, beside others."""
    random, layer, many = world.random(moment.epoch, "basis"), world.layers[-1], DIRECTIONS
    concepts, classes = min(LABELLED, len(world.concepts)), len(world.classes)
    rows = len(BASES) * len(POLICIES)
    labels = {name: _labels(world, random, many) for name in ("label", "label_bias")}
    axes = random.normal(size=(many, many)).astype(np.float32).ravel()
    of_class = np.arange(3 * classes)
    tables = {
        "bases": filled("basis", "bases", rows, random, layer=layer, directions=many,
                        basis=named(BASES, np.arange(rows) // len(POLICIES)),
                        policy=named(("quantile", "quantile_2020", "chosen", "beyond"), np.arange(rows) % 4),
                        s1=30 * random.random(rows), s2=6 * random.random(rows)),
        "units": filled("basis", "units", many, random, layer=f"{layer}@basis", unit=np.arange(many), **labels,
                        category=named(CATEGORIES, np.arange(many) % len(CATEGORIES)),
                        category_bias=named(CATEGORIES, np.arange(many) % len(CATEGORIES))),
        "concepts": filled("basis", "concepts", concepts, random, layer=layer, **_concepts(concepts, 1, world)),
        "classes": filled("basis", "classes", 3 * classes, random, layer=layer,
                          class_=named(world.classes, of_class // 3),
                          concept=named(world.concepts, of_class % len(world.concepts)),
                          category=named(CATEGORIES, of_class % len(CATEGORIES))),
        "directions": filled("basis", "directions", many, random, layer=layer, unit=np.arange(many), axis=1,
                             weights=lists(axes, np.full(many, many))),
        "rotations": filled("basis", "rotations", 1, random, layer=layer, channels=many, directions=many,
                            mean=lists(random.random(many), np.array([many])),
                            scale=lists(random.random(many), np.array([many]))),
        "losses": filled("basis", "losses", 5, random, layer=layer, epoch=np.arange(5)),
    }  # fmt: skip
    how = settings([layer], samples=world.pictures, basis_seed=0, categories=list(CATEGORIES), warm=[])
    said = scalars("basis", moment.progress, random)
    return Record("basis", moment.epoch, moment.step, said, tables, {}, how)


def _labels(world: World, random: np.random.Generator, count: int) -> pa.Array:
    return named(world.concepts, random.integers(0, min(LABELLED, len(world.concepts)), count))


def _concepts(count: int, times: int, world: World) -> dict[str, pa.Array]:
    places = np.tile(np.arange(count), times)
    return {"concept": named(world.concepts, places), "category": named(CATEGORIES, places % len(CATEGORIES))}


def _below(world: World, random: np.random.Generator, concepts: int) -> npt.NDArray[np.int64]:
    """For every layer and concept a unit of the layer."""
    return np.concatenate([random.integers(0, count, concepts) for count in world.units])
