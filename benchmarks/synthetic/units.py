"""Records of units: how often they win, what they are called, what they answer to, and what came when."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa

from rivalry.records import Record
from synthetic.pictures import maps, mosaic, pool
from synthetic.values import filled, lists, named, scalars, settings, stored, unless
from synthetic.world import Moment, World

TOP, QUANTILES, BINS, NEAREST, CLASSES, SIDE = 8, 8, 20, 5, 5, 8
POOL = 256


def activity(world: World, moment: Moment) -> Record:
    """Win rates of all units."""
    random = world.random(moment.epoch, "activity")
    units = filled(
        "activity", "units", world.all_units, random,
        **_keys(world), win_rate=np.where(world.dead, 0.0, random.random(world.all_units) * 0.5), dead=world.dead,
    )  # fmt: skip
    layers = filled(
        "activity", "layers", len(world.layers), random, layer=pa.array(world.layers), competitors=4,
        active_fraction=0.25, winner_entropy=0.75 + 0.2 * random.random(len(world.layers)),
    )  # fmt: skip
    said = scalars("activity", moment.progress, random, active_fraction=0.25, dead_units=float(world.dead.sum()))
    return Record("activity", moment.epoch, moment.step, said, {"layers": layers, "units": units}, {},
                  settings(world.layers))  # fmt: skip


def neurons(world: World, moment: Moment) -> Record:
    """Names of all units, judged."""
    random, count, dead = world.random(moment.epoch, "neurons"), world.all_units, world.dead
    labels, living = world.labels(moment.place), np.flatnonzero(~dead)
    true = np.where(random.random(count) < 0.5 + 0.3 * moment.progress, labels, world.labels(moment.place + 1))
    words = pa.array(["", *world.concepts])
    units = filled(
        "neurons", "units", count, random, **_keys(world), label=words.take(pa.array(np.where(dead, 0, labels + 1))),
        score=unless(random.normal(-12, 2, count), dead), margin=unless(random.random(count), dead), dead=dead,
        runner_up=words.take(pa.array(np.where(dead, 0, 1 + (labels + 1) % len(world.concepts)))),
        wins=np.where(dead, 0, world.pictures // 2), win_rate=np.where(dead, 0.0, 0.5 * random.random(count)),
        top_images=lists(random.integers(0, world.pictures, 10 * len(living)), np.where(dead, 0, 10)),
        true_concept=named(world.concepts, true), confirmed=unless(true == labels, dead),
    )  # fmt: skip
    classes = filled(
        "neurons", "classes", len(world.classes), random, class_=pa.array(world.classes),
        true_concept=named(world.concepts, np.arange(len(world.classes)) % len(world.concepts)), confirmed=True,
    )  # fmt: skip
    shown = [{"layer": world.layers[world.layer_column()[one]], "unit": int(world.unit_column()[one]),
              "label": world.concepts[labels[one]]} for one in living[:6]]  # fmt: skip
    sheet = {"rows": shown, "columns": 8, "side": 64, "gap": 2}
    said = scalars("neurons", moment.progress, random, units=count, dead_units=int(dead.sum()),
                   distinct_concepts=len(np.unique(labels[living])),
                   confirmed=float((true == labels)[living].mean()))  # fmt: skip
    how = settings(world.layers, clip="local-dir:a-clip", samples=world.pictures, words=len(world.concepts),
                   similarity="wpmi", examples=20, top_images=sheet)  # fmt: skip
    images = {"top_images": mosaic(len(shown), 8, 64, 2)}
    return Record("neurons", moment.epoch, moment.step, said, {"units": units, "classes": classes}, images, how)


def profiles(world: World, moment: Moment) -> Record:
    """Pictures and statistics of all units."""
    random = world.random(moment.epoch, "profiles")
    samples = _samples(world, random)
    indices = np.unique(samples["index"].to_numpy())
    pictures = filled(
        "profiles", "pictures", len(indices), random, index=indices, width=64, height=64,
        class_=named(world.classes, indices % len(world.classes)),
        thumbnail=stored(pool(POOL, 64, "webp"), indices % POOL),
    )  # fmt: skip
    tables = {"units": _profiled(world, random), "samples": samples, "pictures": pictures}
    said = scalars("profiles", moment.progress, random, units=world.all_units, dead_units=float(world.dead.sum()),
                   mean_win_rate=0.25, pictures=len(indices))  # fmt: skip
    how = settings(world.layers, samples=world.pictures, pooling="mean", top=TOP, quantiles=QUANTILES, classes=CLASSES,
                   nearest=NEAREST, thumbnail=96, sample=2000, bins=BINS)  # fmt: skip
    return Record("profiles", moment.epoch, moment.step, said, tables, {}, how)


def emergence(world: World, moment: Moment) -> Record:
    """What came when, in all epochs up to now."""
    random, living = world.random(moment.epoch, "emergence"), ~world.dead
    labels = [world.labels(place)[living] for place in range(moment.place + 1)]
    counts = np.stack([np.bincount(of, minlength=len(world.concepts)) for of in labels])
    there, known = counts > 0, np.flatnonzero(counts.any(0))
    epochs = np.array(moment.epochs)
    tables = {
        "concepts": filled(
            "emergence", "concepts", len(known), random, concept=named(world.concepts, known),
            first_epoch=epochs[there.argmax(0)[known]], epochs=there.sum(0)[known], units=counts[-1, known],
            last_epoch=epochs[moment.place - there[::-1].argmax(0)[known]],
        ),
        "streams": filled(
            "emergence", "streams", int(there.sum()), random, epoch=epochs[there.nonzero()[0]], units=counts[there],
            concept=named(world.concepts, there.nonzero()[1]),
        ),
        "epochs": _followed(epochs, there, labels, random),
    }  # fmt: skip
    last = tables["epochs"].to_pylist()[-1]
    said = {
        name: float("nan") if last[name] is None else float(last[name])
        for name in ("distinct_concepts", "new_concepts", "lost_concepts", "concepts_so_far", "labels_unchanged")
    }
    how = settings(world.layers, of="neurons", epochs=list(moment.epochs), left_out=[])
    return Record("emergence", moment.epoch, moment.step, said, tables, {}, how)


def _keys(world: World, times: int = 1) -> dict[str, pa.Array]:
    return {"layer": named(world.layers, world.layer_column(times)), "unit": pa.array(world.unit_column(times))}


def _profiled(world: World, random: np.random.Generator) -> pa.Table:
    count, dead, living = world.all_units, world.dead, int((~world.dead).sum())

    def of_living(values: pa.Array, each: int) -> pa.Array:
        return lists(values, np.where(dead, 0, each))

    edges = np.tile(np.linspace(0, 4, BINS + 1), living)
    effects = np.sort(random.random((living, CLASSES)))[:, ::-1].ravel()
    highest = np.array([world.units[layer] for layer in world.layer_column()[~dead]])
    near = random.random((living, NEAREST)) * highest[:, None]
    return filled(
        "profiles", "units", count, random, **_keys(world), dead=dead, sampled=2000, effects_by="weight",
        pictures=world.pictures, wins=np.where(dead, 0, world.pictures // 2), lowest=-0.2, highest=4.0,
        win_rate=np.where(dead, 0.0, 0.5 * random.random(count)), density=np.where(dead, 0.0, random.random(count)),
        edges=of_living(edges, BINS + 1), counts=of_living(random.integers(0, 200, BINS * living), BINS),
        raised_classes=of_living(_classes(world, random, living), CLASSES), raised_effects=of_living(effects, CLASSES),
        lowered_classes=of_living(_classes(world, random, living), CLASSES),
        lowered_effects=of_living(-effects, CLASSES),
        nearest_units=of_living(near.astype(np.int64).ravel(), NEAREST),
        nearest_cosines=of_living(np.tile(np.linspace(0.9, 0.5, NEAREST), living), NEAREST),
    )  # fmt: skip


def _classes(world: World, random: np.random.Generator, living: int) -> pa.Array:
    return named(world.classes, random.integers(0, len(world.classes), CLASSES * living))


def _samples(world: World, random: np.random.Generator) -> pa.Table:
    """The strongest first, then some of every strength, unit by unit; dead units have none."""
    each = TOP + QUANTILES
    shown = np.repeat(~world.dead, each)
    rows = int(shown.sum())
    place = np.arange(rows) % each
    index = random.integers(0, world.pictures, rows)
    corner = 0.5 * random.random((2, rows))
    keys = {name: column.filter(pa.array(shown)) for name, column in _keys(world, each).items()}
    return filled(
        "profiles", "samples", rows, random, **keys, kind=named(["top", "quantile"], (place >= TOP).astype(np.int64)),
        rank=np.where(place < TOP, place, place - TOP), value=4.0 - 0.2 * place, index=index,
        quantile=unless(0.95 - 0.1 * (place - TOP), place < TOP), height=SIDE, width=SIDE,
        class_=named(world.classes, index % len(world.classes)),
        map=stored(maps(POOL, SIDE), random.integers(0, POOL, rows)),
        left=corner[0], top=corner[1], right=corner[0] + 0.5, bottom=corner[1] + 0.5,
    )  # fmt: skip


def _followed(epochs: np.ndarray, there: np.ndarray, labels: list[np.ndarray], random: np.random.Generator) -> pa.Table:
    so_far = np.logical_or.accumulate(there)
    new = np.diff(so_far.sum(1), prepend=0)
    lost = [0, *(int((before & ~now).sum()) for before, now in pairwise(there))]
    same = [None, *(float((before == now).mean()) for before, now in pairwise(labels))]
    return filled(
        "emergence", "epochs", len(epochs), random, epoch=epochs, step=62 * (epochs + 1), living_units=len(labels[0]),
        distinct_concepts=there.sum(1), new_concepts=new, lost_concepts=lost, concepts_so_far=so_far.sum(1),
        labels_unchanged=pa.array(same, pa.float64()),
    )  # fmt: skip
