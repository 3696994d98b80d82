"""Records of probes: what is segmented, what serves as register, what bears the mark, and an analysis of the user's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from rivalry.records import Record
from synthetic.pictures import mosaic
from synthetic.schemas import RELIANCE
from synthetic.values import filled, named, scalars, settings
from synthetic.world import HOSTILE, Moment, World

SEGMENTED, SHOWN, GRID = 50, 3, 16
BLOCKS = tuple(f"blocks.{number}" for number in range(4))


def clusters(world: World, moment: Moment) -> Record:
    """Segments of some pictures, at three depths."""
    random, layers = world.random(moment.epoch, "clusters"), ["all", *world.layers[:3]]
    index = np.linspace(0, world.pictures - 1, min(SEGMENTED, world.pictures)).astype(np.int64)
    maps = len(index) * len(layers)
    labels = [random.integers(0, 5, (4, 4), dtype=np.uint8).repeat(4, 0).repeat(4, 1).tobytes() for _ in range(maps)]
    methods = ["clusters", "slic", "random"]
    tables = {
        "maps": filled("clusters", "maps", maps, random, index=np.repeat(index, len(layers)), clusters=5,
                       layer=pa.array(layers * len(index)), labels=pa.array(labels, pa.binary())),
        "images": filled("clusters", "images", len(index), random, index=index, clusters=5),
        "depths": filled("clusters", "depths", len(layers) - 1, random, layer=pa.array(layers[1:])),
        "scores": filled("clusters", "scores", 3, random, method=pa.array(methods)),
    }  # fmt: skip
    overlays = {"index": index[:SHOWN].tolist(), "columns": ["picture", *layers, "truth"], "height": 64, "width": 64}
    how = settings(layers[1:], samples=world.pictures, grid=[GRID, GRID], overlays={**overlays, "gap": 4},
                   truth=["part+object+scene"], pictures=len(index), candidates=[5])  # fmt: skip
    said = scalars("clusters", moment.progress, random, clusters=5)
    images = {"overlays": mosaic(SHOWN, len(layers) + 2, 64, 4)}
    return Record("clusters", moment.epoch, moment.step, said, tables, images, how)


def registers(world: World, moment: Moment) -> Record:
    """Norms of tokens by block of a vision transformer."""
    random, many = world.random(moment.epoch, "registers"), len(BLOCKS)
    rows, columns = np.divmod(np.tile(np.arange(64), many), 8)
    median = 2.0 + np.arange(many)
    tables = {
        "layers": filled("registers", "layers", many, random, layer=pa.array(BLOCKS), median=median, high=3 * median,
                         largest=4 * median, threshold=5 * median, shows_outliers=np.arange(many) > 2),
        "positions": filled("registers", "positions", 64 * many, random, row=rows, column=columns,
                            layer=named(BLOCKS, np.arange(64 * many) // 64)),
        "images": filled("registers", "images", 100, random, index=np.arange(100)),
        "units": filled("registers", "units", 3, random, layer=f"{BLOCKS[2]}.mlp.act", unit=np.array([3, 17, 31])),
    }  # fmt: skip
    said = scalars("registers", moment.progress, random, shows_outliers=1.0, layers_with_outliers=1.0)
    layout = {"columns": ["picture", *BLOCKS], "rows": SHOWN, "gap": 4, "height": 64, "width": 64}
    how = settings(BLOCKS, samples=world.pictures, verdict="outliers", strongest_layer=BLOCKS[3], norm_maps=layout,
                   origin_layer=BLOCKS[2], reliance_layer=BLOCKS[2], attention_unknown=[], images=100, units=3,
                   tokens={"class_token": True, "registers": 4, "grid": [8, 8]}, index=list(range(32)))  # fmt: skip
    images = {"norm_maps": mosaic(SHOWN, many + 1, 64, 4)}
    return Record("registers", moment.epoch, moment.step, said, tables, images, how)


def watermark(world: World, moment: Moment) -> Record:
    """How far the network relies on a mark of its first class."""
    random, layers = world.random(moment.epoch, "watermark"), world.layers[-2:]
    found = scalars("watermark", moment.progress, random, accuracy_clean=0.9, accuracy_null=0.9)
    for name in RELIANCE:
        found |= {f"{name}_low": found[name] - 0.03, f"{name}_high": found[name] + 0.03}
    units = np.repeat(np.arange(2), world.units[-2:])
    numbers = np.concatenate([np.arange(count) for count in world.units[-2:]])
    ends = {end: np.array([found[f"{name}{of}"] for name in RELIANCE])
            for end, of in (("value", ""), ("low", "_low"), ("high", "_high"))}  # fmt: skip
    classes = len(world.classes)
    tables = {
        "reliance": filled("watermark", "reliance", len(RELIANCE), random, metric=pa.array(RELIANCE), **ends),
        "layers": filled("watermark", "layers", 2, random, layer=pa.array(layers), units=np.array(world.units[-2:])),
        "units": filled("watermark", "units", len(units), random, layer=named(layers, units), unit=numbers),
        "groups": filled("watermark", "groups", 2 * classes, random, pictures=50, counted=True,
                         class_=named(world.classes, np.arange(2 * classes) // 2),
                         marked=np.arange(2 * classes) % 2 > 0),
    }  # fmt: skip
    renders = {"side": 64, "gap": 2, "columns": ["clean", "marked", "null", "relevance"], "rows": list(range(SHOWN))}
    how = settings(layers, samples=world.pictures, watermark="Watermark(size=0.6)", target=world.classes[0],
                   renders=renders, smallest_group=50, carrying_layer=layers[1])  # fmt: skip
    images = {"renders": mosaic(SHOWN, 4, 64, 2)}
    return Record("watermark", moment.epoch, moment.step, found, tables, images, how)


def own(world: World, moment: Moment) -> Record:
    """What an analysis of the user's own might leave: columns of all kinds, words that nobody has looked at."""
    random, words = world.random(moment.epoch, "own"), [*world.concepts[:20], *HOSTILE]
    column: dict[str, Any] = {
        "word": pa.array([None, *words[1:]]),
        words[0] or "nameless": pa.array(random.random(len(words))),
        "holes": pa.array(([None, float("nan"), 1.5] * len(words))[: len(words)], pa.float64()),
        "lists": pa.array([[word, None] for word in words]),
        "inner": pa.array([{"word": word, "number": row} for row, word in enumerate(words)]),
        "bytes": pa.array([word.encode() for word in words]),
        "when": pa.array(range(len(words)), pa.timestamp("s")),
        "codes": pa.array(words).dictionary_encode(),
    }  # fmt: skip
    said = {"odd_things": float(moment.epoch), "unknown": float("nan"), "boundless": float("inf")}
    how = {"layers": list(world.layers[:1]), "why": words[0], "deep": {"list": [1, None, words[1]]}}
    tables = {"things": pa.table(column), "nothing": pa.table({"index": pa.array([], pa.int64())})}
    return Record("my_own.probe", moment.epoch, moment.step, said, tables, {"sheet": mosaic(2, 3, 64, 2)}, how)
