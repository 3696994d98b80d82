"""Records of classes: what they are made of, the strategies by which they are told, and their prototypes."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from rivalry.records import Record
from synthetic.pictures import mosaic, pool
from synthetic.values import filled, lists, named, scalars, settings, stored
from synthetic.world import Moment, World

CONCEPTS, CROPS, PICTURES, STRATEGIES, ALIKE = 10, 10, 50, 3, 5
POOL = 256
METHODS = ("prototype", "fourier")
PROTOTYPED, PATH, STEPS, TOP, QUANTILES = 100, 6, 20, 8, (0.99, 0.9, 0.75, 0.5)


def concepts(world: World, moment: Moment) -> Record:
    """What every class is made of at the last layer."""
    random, count = world.random(moment.epoch, "concepts"), len(world.classes)
    tables = {
        "classes": filled("concepts", "classes", count, random, **_of(world, np.arange(count)), images=PICTURES,
                          predicted=PICTURES, linear=True, strategies=STRATEGIES, converged=True),
        "concepts": _concepts(world, random),
        "crops": _crops(world, random),
        "pictures": _pictures(world, random),
        "strategies": _strategies(world, random),
        "extractions": filled("concepts", "extractions", count, random, **_of(world, np.arange(count)),
                              extraction="nmf", concepts=CONCEPTS),
        "importances": filled("concepts", "importances", count, random, **_of(world, np.arange(count)),
                              method="gradient_input"),
        "shared": _shared(world, random),
        "directions": _directions(world, random),
    }  # fmt: skip
    how = settings(world.layers[-1:], samples=world.pictures, concepts=CONCEPTS, extraction="NMF()", images=PICTURES,
                   importance="GradientInput()", classes=list(world.classes), linear=[world.layers[-1]])  # fmt: skip
    said = scalars("concepts", moment.progress, random, classes=count, strategies=STRATEGIES)
    return Record("concepts", moment.epoch, moment.step, said, tables, {}, how)


def prototypes(world: World, moment: Moment) -> Record:
    """Prototypes of some classes, for each takes a minute, and of some units of the last layer."""
    random = world.random(moment.epoch, "prototypes")
    classes, units = min(PROTOTYPED, len(world.classes)), min(PROTOTYPED // 2, world.units[-1])
    layer = world.layers[-1]
    targets = [f"class:{name}" for name in world.classes[:classes]] + [f"unit:{layer}:{at}" for at in range(units)]
    count = 2 * len(targets)
    of_class, number = np.arange(count) // 2 < classes, np.arange(count) // 2
    key = {"target": named(targets, number), "method": named(METHODS, np.arange(count) % 2)}
    tables = {
        "prototypes": filled(
            "prototypes", "prototypes", count, random, **key, kind=named(["unit", "class"], of_class.astype(np.int64)),
            layer=pa.array([None if one else layer for one in of_class], pa.string()), copy=0, concept=None,
            unit=pa.array(number - classes, mask=of_class), start="seed", steps=320, restarts=0,
            class_=named([*world.classes[:classes], None], np.minimum(number, classes)),
            picture=stored(pool(64, 64), number % 64), alpha=stored(pool(64, 64), (number + 7) % 64),
        ),
        "examples": _examples(targets, random),
        "history": filled("prototypes", "history", count * STEPS, random, copy=0, step=np.tile(np.arange(STEPS), count),
                          **{name: column.take(pa.array(np.arange(count * STEPS) // STEPS))
                             for name, column in key.items()}),
        "naturalness": _naturalness(targets, random),
        "naturalness_layers": filled(
            "prototypes", "naturalness_layers", 2 * PATH, random, method=named(METHODS, np.arange(2 * PATH) // PATH),
            layer=named(_path(), np.arange(2 * PATH) % PATH), depth=np.arange(2 * PATH) % PATH, targets=len(targets)),
    }  # fmt: skip
    how = settings(_path(), samples=world.pictures, targets=targets, copies=1, path=_path())
    said = scalars("prototypes", moment.progress, random, targets=len(targets), without=0.0)
    images = {"prototypes": mosaic(min(len(targets), 16), 2, 64, 2)}
    return Record("prototypes", moment.epoch, moment.step, said, tables, images, how)


def _of(world: World, places: np.ndarray) -> dict[str, pa.Array | str]:
    return {"layer": world.layers[-1], "class_": named(world.classes, places)}


def _concepts(world: World, random: np.random.Generator) -> pa.Table:
    count, many = len(world.classes), CONCEPTS * len(world.classes)
    alike = random.integers(0, count, ALIKE * many)
    similar = [f"{world.classes[one]}:{one % CONCEPTS}" for one in range(count)]
    shares = random.dirichlet(np.ones(CONCEPTS + 1), count)[:, :CONCEPTS]
    strengths = np.tile(np.linspace(0.9, 0.1, ALIKE), many)
    return filled(
        "concepts", "concepts", many, random, **_of(world, np.arange(many) // CONCEPTS), unit=np.arange(many),
        concept=np.arange(many) % CONCEPTS, name=named(world.concepts, np.arange(many) * 7 % len(world.concepts)),
        runner_up=named(world.concepts, np.arange(many) * 5 % len(world.concepts)),
        share=np.sort(shares)[:, ::-1].ravel(), importance=9 * np.sort(shares)[:, ::-1].ravel(),
        aligned_classes=lists(named(world.classes, alike), np.full(many, ALIKE)),
        alignments=lists(strengths, np.full(many, ALIKE)), similar=lists(named(similar, alike), np.full(many, ALIKE)),
        similarities=lists(strengths, np.full(many, ALIKE)),
    )  # fmt: skip


def _crops(world: World, random: np.random.Generator) -> pa.Table:
    rows = np.arange(len(world.classes) * CONCEPTS * CROPS)
    return filled(
        "concepts", "crops", len(rows), random, **_of(world, rows // (CONCEPTS * CROPS)),
        concept=rows // CROPS % CONCEPTS, rank=rows % CROPS, index=random.integers(0, world.pictures, len(rows)),
        top=16, left=24, height=24, width=24, picture=stored(pool(POOL, 24), random.integers(0, POOL, len(rows))),
    )  # fmt: skip


def _pictures(world: World, random: np.random.Generator) -> pa.Table:
    rows = np.arange(len(world.classes) * PICTURES)
    strategy = rows % STRATEGIES
    x, y = (np.array(of)[strategy] + random.normal(0, 0.25, len(rows)) for of in ((-0.7, 0.0, 0.7), (0.4, -0.7, 0.4)))
    importance = lists(random.random(CONCEPTS * len(rows)), np.full(len(rows), CONCEPTS))
    return filled(
        "concepts", "pictures", len(rows), random, **_of(world, rows // PICTURES), index=rows % world.pictures,
        label=named(world.classes, rows // PICTURES), correct=random.random(len(rows)) < 0.8, x=x, y=y,
        strategy=strategy, dominant=random.integers(0, CONCEPTS, len(rows)), importance=importance,
        thumbnail=stored(pool(POOL, 48), rows % POOL),
    )  # fmt: skip


def _strategies(world: World, random: np.random.Generator) -> pa.Table:
    rows = np.arange(len(world.classes) * STRATEGIES)
    return filled(
        "concepts", "strategies", len(rows), random, **_of(world, rows // STRATEGIES), strategy=rows % STRATEGIES,
        images=PICTURES // STRATEGIES, concepts=lists(np.tile([0, 2, 5], len(rows)), np.full(len(rows), 3)),
        differences=lists(np.tile([1.5, -1.0, 0.5], len(rows)), np.full(len(rows), 3)),
    )  # fmt: skip


def _shared(world: World, random: np.random.Generator) -> pa.Table:
    rows = np.arange(len(world.classes))
    return filled(
        "concepts", "shared", len(rows), random, **_of(world, rows), concept=rows % CONCEPTS,
        name=named(world.concepts, rows % len(world.concepts)), other_concept=(rows + 1) % CONCEPTS,
        other_class=named(world.classes, np.roll(rows, -1)),
        other_name=named(world.concepts, (rows + 1) % len(world.concepts)),
    )  # fmt: skip


def _directions(world: World, random: np.random.Generator) -> pa.Table:
    many, channels = CONCEPTS * len(world.classes), 32
    weights = lists(random.random(many * channels).astype(np.float32), np.full(many, channels))
    return filled("concepts", "directions", many, random, layer=world.layers[-1], unit=np.arange(many), axis=1,
                  weights=weights)  # fmt: skip


def _examples(targets: list[str], random: np.random.Generator) -> pa.Table:
    each = TOP + len(QUANTILES)
    rows = np.arange(each * len(targets))
    place = rows % each
    levels = pa.array([*[None] * TOP, *QUANTILES], pa.float64())
    return filled(
        "prototypes", "examples", len(rows), random, target=named(targets, rows // each),
        kind=named(["top", "quantile"], (place >= TOP).astype(np.int64)), quantile=levels.take(pa.array(place)),
        rank=np.where(place < TOP, place, place - TOP), index=rows % 32, picture=stored(pool(POOL, 48), rows % POOL),
    )  # fmt: skip


def _naturalness(targets: list[str], random: np.random.Generator) -> pa.Table:
    rows = np.arange(2 * len(targets) * PATH)
    ends = {"normalised": 0.5, "low": 0.3, "high": 0.7}
    return filled(
        "prototypes", "naturalness", len(rows), random, target=named(targets, rows // (2 * PATH)), copy=0,
        method=named(METHODS, rows // PATH % 2), layer=named(_path(), rows % PATH), depth=rows % PATH,
        **{name: middle + 0.2 * random.random(len(rows)) for name, middle in ends.items()},
    )  # fmt: skip


def _path() -> list[str]:
    return [f"path.{depth}" for depth in range(PATH)]
