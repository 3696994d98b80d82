"""What each kind of record shows on its page beside its sentence and its curves."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from rivalry.lens.site.charts import Bar, Series, bars, counted, curves, said
from rivalry.lens.site.columns import NUMBER, TEXT, TRUTH, WHOLE, columns_of
from rivalry.lens.site.kinds import Kind
from rivalry.lens.site.probes.blocks import Drawing, Shown, Stat
from rivalry.lens.site.shelf import Volume

BASES = {
    "natural": "the layer's own units", "pca": "principal components", "random": "random rotation",
    "unsupervised": "fitted without labels", "supervised": "probes of the labels",
}  # fmt: skip
_SEEN = (
    ("clean", "clean pictures"), ("marked", "with the mark"), ("null", "with the null mark"), ("swapped", "swapped"),
)  # fmt: skip
_POLICIES = {
    "quantile": "its own quantile", "quantile_2020": "quantile of pixels", "chosen": "best threshold",
    "wins": "where it wins", "bias": "above zero", "beyond": "beyond its bias",
}  # fmt: skip


def shown_of(volume: Volume) -> Shown:
    """Charts of a record, by its kind; nothing where there is none for it."""
    draw = _DRAWN.get(volume.kind) if volume.kind else None
    return Shown() if draw is None else draw(volume)


def _rows(volume: Volume, table: str, words: Sequence[str], numbers: Sequence[str]) -> list[Mapping[str, Any]]:
    wanted = (*((name, TEXT) for name in words), *((name, NUMBER) for name in numbers))
    rows: list[Mapping[str, Any]] = columns_of(volume, table, wanted).to_pylist()
    return [row for row in rows if all(row[name] is not None for name in words)]


def _by_layer(rows: Sequence[Mapping[str, Any]], title: str, names: Mapping[str, str], **look: Any) -> Markup:
    """Lines over depth, a point a layer."""
    series = [
        Series(said, [(float(at), row[name]) for at, row in enumerate(rows) if row[name] is not None])
        for name, said in names.items()
    ]
    return curves(series, title=title, x="layer, from the input", **look)


def _clusters(volume: Volume) -> Shown:
    scores = ("miou", "ari", "majority_accuracy", "corloc_oracle")
    methods = _rows(volume, "scores", ["method"], scores)
    called = {"clusters": "clusters", "slic": "SLIC superpixels", "random": "untrained network"}
    charts = [
        bars([Bar(called.get(row["method"], row["method"]), row[name], colour=at) for at, row in enumerate(methods)],
             title=said)
        for name, said in (("miou", "mean IoU with the masks"), ("ari", "adjusted Rand index"))
        if any(row[name] is not None for row in methods)
    ]  # fmt: skip
    depths = _rows(volume, "depths", ["layer"], ("ari_all", "ari_next", *scores))
    deep = [
        bars([Bar(row["layer"], row[name]) for row in depths], title=said)
        for name, said in (
            ("ari_all", "agreement with all depths together (Rand index)"),
            ("ari_next", "agreement with the next layer (Rand index)"), ("miou", "mean IoU of this depth alone"),
        )
        if any(row[name] is not None for row in depths)
    ]  # fmt: skip
    drawings = [Drawing("Do clusters follow the masks?", charts)] if charts else []
    return Shown((), [*drawings, *([Drawing("By depth", deep)] if deep else [])])


def _registers(volume: Volume) -> Shown:
    names = (
        "outlier_fraction", "images_with_outliers", "images_with_outliers_random", "max_to_median", "high_to_median",
        "max_to_median_random", "enrichment_class", "enrichment_register", "enrichment_outlier", "enrichment_normal",
        "global_class", "global_register", "global_normal", "position_normal",
    )  # fmt: skip
    rows = _rows(volume, "layers", ["layer"], names)
    charts = [
        _by_layer(rows, "Longest token, in medians", {
            "max_to_median": "longest", "high_to_median": "99.9 %", "max_to_median_random": "longest, random weights",
        }),
        _by_layer(rows, "Images with an outlier", {
            "images_with_outliers": "trained", "images_with_outliers_random": "random weights",
        }, percent=True),
        _by_layer(rows, "Attention that a group gets, in multiples of its share of the tokens", {
            "enrichment_class": "class token", "enrichment_register": "registers", "enrichment_outlier": "outliers",
            "enrichment_normal": "other patches",
        }),
        _by_layer(rows, "How often one token tells the class", {
            "global_class": "class token", "global_register": "register", "global_normal": "patch",
        }, percent=True),
    ]  # fmt: skip
    note = "Layers from the input: " + ", ".join(f"{at} {row['layer']}" for at, row in enumerate(rows))
    return Shown((), [Drawing("By layer", charts, note if len(rows) <= 24 else "")])


def _watermark(volume: Volume) -> Shown:
    told = {row["metric"]: row for row in _rows(volume, "reliance", ["metric"], ("value", "low", "high"))}

    def bar(metric: str, said: str, colour: int) -> list[Bar]:
        row = told.get(metric)
        return [] if row is None else [Bar(said, row["value"], None, colour, "", row["low"], row["high"])]

    accuracy = [one for at, (way, said) in enumerate(_SEEN) for one in bar(f"accuracy_{way}", said, at)]
    attack = [
        *bar("attack_success_clean", "clean pictures", 0), *bar("attack_success", "with the mark", 1),
        *bar("attack_success_null", "with the null mark", 2), *bar("attack_success_excess", "mark beyond null", 4),
    ]  # fmt: skip
    charts = [
        bars(accuracy, title="Accuracy", percent=True),
        bars(attack, title="Attack success: pictures of other classes that become the target", percent=True),
    ]
    drawings = [Drawing("What the mark does", charts, "Lines over bars are 95 % intervals.")]
    return Shown((), [*drawings, *_mark_by_layer(volume)])


def _mark_by_layer(volume: Volume) -> list[Drawing]:
    """Where a probe can read the mark, and what is left of it, and of the accuracy, without the units that carry it."""
    ways = (("", "nothing silenced"), ("_silenced", "carriers silenced"), ("_random", "as many random units"))
    kinds = (("attack_success", "attack success"), ("accuracy", "accuracy"))
    names = [f"{kind}{way}" for kind, _ in kinds for way, _ in ways]
    rows = _rows(volume, "layers", ["layer"], (*names, "carrying_units", "decodability", "decodability_floor"))
    read = [
        Bar(row["layer"], row["decodability"], note=_random_weights(row["decodability_floor"]))
        for row in rows
        if row["decodability"] is not None
    ]
    silent = [
        bars([Bar(words, row[f"{kind}{way}"], None, at, note)
              for kind, note in kinds for at, (way, words) in enumerate(ways) if row[f"{kind}{way}"] is not None],
             title=f"{row['layer']}: {counted(row['carrying_units'], 'unit')} of it carry the mark", percent=True)
        for row in rows if row["carrying_units"] is not None
    ]  # fmt: skip
    drawings = [Drawing("Where it can be read", [bars(read, title="AUROC of a linear probe for it")])] if read else []
    return [*drawings, *([Drawing("What is left without the units that carry it", silent)] if silent else [])]


def _random_weights(value: float | None) -> str:
    return "" if value is None else f"{said(value)} with random weights"


def _basis(volume: Volume) -> Shown:
    names = ("s1", "s2", "s1_shuffled", "s2_shuffled", "mean_best_auroc", "detectors", "unique_detectors", "directions")
    rows = _rows(volume, "bases", ["layer", "basis", "policy"], names)
    own = [row for row in rows if row["policy"] == "beyond"] or rows
    drawings = []
    for layer in dict.fromkeys(row["layer"] for row in own):
        here = [row for row in own if row["layer"] == layer]
        charts = [
            bars([Bar(BASES.get(row["basis"], row["basis"]), row[name], None, at, _chance(row, chance))
                  for at, row in enumerate(here)], title=title)
            for name, title, chance in (
                ("s1", "S¹: detectors, over all thresholds", "s1_shuffled"),
                ("s2", "S²: concepts with a detector", "s2_shuffled"),
                ("mean_best_auroc", "AUROC of the best concept (0.5 by chance)", ""),
            )
        ]  # fmt: skip
        drawings.append(Drawing(f"Bases of {layer}", charts))
    return Shown((), drawings)


def _chance(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name) if name else None
    return "" if value is None else f"{value:.1f} with labels dealt anew"


def _detectors(volume: Volume) -> Shown:
    rows = _rows(volume, "layers", ["layer", "policy"], ("units", "detectors", "unique_detectors", "mean_iou"))
    charts = [
        bars([Bar(row["layer"], row[name], note=_POLICIES.get(row["policy"], row["policy"])) for row in rows],
             title=title)
        for name, title in (
            ("unique_detectors", "Different concepts with a detector"), ("mean_iou", "Mean IoU with the label"),
        )
    ]  # fmt: skip
    parts = _rows(volume, "categories", ["layer", "policy", "category"], ("unique_detectors",))
    first = parts[0]["policy"] if parts else None
    kinds = [row for row in parts if row["policy"] == first]
    by_kind = [
        bars([Bar(row["category"], row["unique_detectors"]) for row in kinds if row["layer"] == layer], title=layer)
        for layer in dict.fromkeys(row["layer"] for row in kinds)
    ]
    drawings = [Drawing("By layer and threshold", charts)]
    at = f"Threshold: {_POLICIES.get(first, first)}" if first else ""
    return Shown((), [*drawings, *([Drawing("Concepts with a detector, by category", by_kind, at)] if by_kind else [])])


def _activity(volume: Volume) -> Shown:
    rows = _rows(volume, "layers", ["layer"], ("active_fraction", "winner_entropy", "dead_units", "negative_share"))
    charts = [
        bars([Bar(row["layer"], row[name]) for row in rows], title=title, percent=percent)
        for name, title, percent in (
            ("active_fraction", "Active at a place", True), ("winner_entropy", "Evenness of the wins", False),
            ("dead_units", "Dead units", False), ("negative_share", "Negative, of what is active", True),
        )
        if any(row[name] is not None for row in rows)
    ]  # fmt: skip
    return Shown((), [Drawing("By layer", charts)])


def _emergence(volume: Volume) -> Shown:
    wanted = (("epoch", NUMBER), ("concept", TEXT), ("units", NUMBER))
    totals: dict[str, float] = {}
    points: dict[str, list[tuple[float, float]]] = {}
    for row in columns_of(volume, "streams", wanted).to_pylist():
        if None not in row.values():
            totals[row["concept"]] = totals.get(row["concept"], 0.0) + row["units"]
            points.setdefault(row["concept"], []).append((row["epoch"], row["units"]))
    widest = sorted(totals, key=lambda name: -totals[name])[:8]
    series = [Series(name, sorted(points[name])) for name in widest]
    return Shown(
        (), [Drawing("The concepts of most units", [curves(series, title="Units with this label", height=240)])]
    )


def _prototypes(volume: Volume) -> Shown:
    names = ("normalised", "low", "high", "depth")
    rows = _rows(volume, "naturalness_layers", ["method", "layer"], names)
    series = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = sorted((row for row in rows if row["method"] == method and None not in (row["depth"], row["normalised"])),
                     key=lambda row: row["depth"])  # fmt: skip
        series.append(Series({"fourier": "plain Fourier visualisation"}.get(method, method),
                             [(row["depth"], row["normalised"]) for row in own]))  # fmt: skip
    title = "1: as natural pictures of the target, 0: as others"
    chart = curves(series, title=title, x="layer, from the input", height=220)
    return Shown((), [Drawing("How natural the path through the network is, mean over targets", [chart])])


def _neurons(volume: Volume) -> Shown:
    pairs = (("confirmed", "labels that masks confirm"), ("natural_confirmed", "classes by their own names"),
             ("confirmed_floor", "labels dealt out by chance"))  # fmt: skip
    judged = [Bar(said, volume.scalar(name), colour=at) for at, (name, said) in enumerate(pairs)
              if volume.scalar(name) is not None]  # fmt: skip
    clear = [Bar(said, volume.scalar(name), colour=at) for at, (name, said) in enumerate(
        (("clarity", "top images of a unit"), ("clarity_floor", "images drawn at random"))
    ) if volume.scalar(name) is not None]  # fmt: skip
    charts = [bars(judged, title="Confirmed", percent=True)] if judged else []
    charts += [bars(clear, title="Clarity: how alike the top images are")] if clear else []
    return Shown((), [Drawing("Are the labels right?", charts)] if charts else [])


def _concepts(volume: Volume) -> Shown:
    wanted = (("class", TEXT), ("unexplained", NUMBER), ("strategies", WHOLE), ("accuracy", NUMBER))
    rows = [row for row in columns_of(volume, "classes", wanted).to_pylist() if row["class"] is not None]
    known = sorted((row for row in rows if row["accuracy"] is not None), key=lambda row: row["accuracy"])[:12]
    told = "Share of what is taken for a class that is of it"
    chart = bars([Bar(row["class"], row["accuracy"]) for row in known], title=told, percent=True)
    return Shown((), [Drawing("How reliable classes are, the least first", [chart])] if known else [])


def _profiles(volume: Volume) -> Shown:
    table = columns_of(volume, "units", (("layer", TEXT), ("dead", TRUTH), ("win_rate", NUMBER)))
    if not len(table):
        return Shown()
    plain = table.set_column(0, "layer", table["layer"].cast(pa.string()))
    found = plain.group_by("layer", use_threads=False).aggregate(
        [("win_rate", "mean"), ("dead", "sum"), ("layer", "count")]
    )
    rows = found.to_pylist()
    charts = [
        bars([Bar(str(row["layer"]), row["win_rate_mean"]) for row in rows], title="Mean win rate", percent=True),
        bars([Bar(str(row["layer"]), row["dead_sum"], note=f"of {row['layer_count']:,} units") for row in rows],
             title="Dead units"),
    ]  # fmt: skip
    return Shown((Stat("units", f"{len(table):,}"),), [Drawing("By layer", charts)])


_DRAWN: Mapping[Kind, Callable[[Volume], Shown]] = {
    "clusters": _clusters, "registers": _registers, "watermark": _watermark, "basis": _basis,
    "detectors": _detectors, "activity": _activity, "emergence": _emergence, "prototypes": _prototypes,
    "neurons": _neurons, "concepts": _concepts, "profiles": _profiles,
}  # fmt: skip
