"""What a workspace of Weights & Biases shows of a run: sections of panels, as plain data in the order of the story.

Training, sparsity, emergence, labels, clusters, registers, watermark, basis, concepts, prototypes. Keys are those under
which :mod:`rivalry.training.wandb` logs; ``docs/wandb.md`` promises them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from rivalry.lens.site.kinds import Kind

Plots: TypeAlias = Mapping[str, tuple[str, ...]]

OWN_PLOTS = 24
"""Of an analysis that is not ours, so many scalars are drawn; all are logged."""

TRAINING: Plots = {
    "Loss": ("train/loss", "val/loss"),
    "Accuracy": ("val/top1", "val/sampled_top1", "val/top5"),
    "Calibration error": ("val/calibration_error", "val/sampled_calibration_error"),
    "Rate": ("train/rate",),
    "Sharpness and temperature of the draw": ("train/sharpness", "train/temperature"),
    "Weight of the KL": ("train/kl_weight",),
    "Seconds that analyses took": ("analyses/seconds",),
}
"""By title: scalars that need no analysis."""

PLOTS: Mapping[Kind, Plots] = {
    "activity": {
        "Active fraction": ("active_fraction",),
        "Entropy of winners": ("winner_entropy",),
        "Dead units": ("dead_units",),
        "Wins below zero": ("negative_share",),
    },
    "emergence": {
        "Concepts": ("distinct_concepts", "concepts_so_far"),
        "New and lost": ("new_concepts", "lost_concepts"),
        "Labels unchanged": ("labels_unchanged",),
    },
    "neurons": {
        "Labels that masks confirm, beside chance": ("confirmed", "confirmed_floor", "natural_confirmed"),
        "AUPRC of labels, beside chance": ("label_auprc", "label_auprc_floor", "natural_auprc"),
        "IoU of labels, beside chance": ("label_iou", "label_iou_floor", "natural_iou"),
        "Pearson of labels, beside chance": ("label_pearson", "label_pearson_floor", "natural_pearson"),
        "Distinct concepts": ("distinct_concepts",),
        "Dead units": ("dead_units",),
        "Margin of labels": ("mean_margin",),
        "Clarity, beside chance": ("clarity", "clarity_floor"),
        "Redundancy": ("redundancy",),
        "Polysemanticity and monosemanticity": ("polysemanticity", "monosemanticity"),
    },
    "profiles": {"Win rate and density of units": ("mean_win_rate", "mean_density")},
    "clusters": {
        "Clusters": ("clusters",),
        "Silhouette": ("silhouette",),
        "mIoU with masks, beside floors": ("miou", "miou_slic", "miou_random"),
        "Rand index with masks, beside floors": ("ari", "ari_slic", "ari_random"),
        "Agreement with the epoch before": ("drift_ari",),
    },
    "registers": {
        "Layers with outliers": ("layers_with_outliers",),
        "Images with outliers": ("images_with_outliers",),
        "Patches that are outliers, without and with a register": ("outlier_fraction", "outlier_fraction_edited"),
        "Norms, beside the median": ("max_to_median", "high_to_median"),
        "Accuracy, without and with a register": ("accuracy", "accuracy_edited"),
        "What registers and outliers know of the whole": ("global_gap_register", "global_gap_outlier"),
    },
    "watermark": {
        "Attack success": ("attack_success", "attack_success_clean", "attack_success_null"),
        "Accuracy": ("accuracy_clean", "accuracy_marked", "accuracy_null"),
        "Decodability": ("decodability", "decodability_null", "decodability_floor"),
        "Relevance of the mark": ("relevance_lift", "relevance_lift_null", "relevance_lift_clean"),
        "Shift of the target's logit": ("logit_shift", "logit_shift_null"),
        "Units that carry the mark": ("carrying_units",),
        "Best unit at telling the mark": ("best_detector",),
    },
    "basis": {
        "S¹": ("s1_unsupervised", "s1_natural", "s1_pca", "s1_random", "s1_supervised", "s1_shuffled"),
        "S²": ("s2_unsupervised", "s2_natural", "s2_pca", "s2_random", "s2_supervised", "s2_shuffled"),
        "Detectors": ("detectors", "unique_detectors"),
        "Best AUROC of directions": ("mean_best_auroc",),
        "Monosemanticity and redundancy": ("monosemanticity", "redundancy"),
        "Stability since the epoch before": ("stability",),
    },
    "detectors": {
        "Units that are detectors": ("detectors", "unique_detectors"),
        "IoU of units": ("mean_iou",),
        "Best AUROC of units": ("mean_best_auroc",),
        "Concepts that none can detect": ("undetectable_concepts",),
    },
    "concepts": {
        "Classes with concepts": ("classes",),
        "Unexplained share": ("unexplained",),
        "Strategies of a class": ("strategies",),
        "Error of the extraction": ("relative_l2",),
        "Stability of the extraction": ("stability",),
        "Fidelity of importances": ("mu_fidelity",),
        "Reliability of concepts": ("reliability",),
    },
    "prototypes": {
        "Naturalness of the path, beside the plain baseline": ("naturalness", "naturalness_plain"),
        "Prototypes above every natural picture": ("above_natural",),
        "Layers in which prototypes are more natural": ("layers_above_plain", "layers_more_alike"),
        "Targets with and without a prototype": ("targets", "without"),
    },
}
"""By kind of record and title: scalars, whose names stand behind that of the record."""

FIGURES: Mapping[Kind, tuple[str, ...]] = {"concepts": ("strategies_figure",)}
"""Interactive figures, by kind of record: the names that :mod:`rivalry.lens.interactive` gives, with ``_figure``."""

WITHOUT_PICTURE: frozenset[Kind] = frozenset({"profiles"})

SECTIONS: Mapping[str, tuple[Kind, ...]] = {
    "Training": (),
    "Sparsity": ("activity",),
    "Emergence": ("emergence",),
    "Labels": ("neurons", "profiles"),
    "Clusters": ("clusters",),
    "Registers": ("registers",),
    "Watermark": ("watermark",),
    "Basis": ("basis", "detectors"),
    "Concepts": ("concepts",),
    "Prototypes": ("prototypes",),
}
"""The order of the workspace."""


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        shape: Lines over epochs, media (pictures, interactive figures) or a table.
        title: What it shows.
        keys: As W&B knows them.
    """

    shape: Literal["lines", "media", "table"]
    title: str
    keys: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """A section of the workspace."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Logged:
    """Records of one name, as far as it matters what W&B has of them.

    Attributes:
        name: Of the analysis.
        kind: None for an analysis of the user's own.
        scalars: Names of its scalars; None for all that the kind may have.
        has_table: Whether there is a table.
    """

    name: str
    kind: Kind | None
    scalars: frozenset[str] | None = None
    has_table: bool = True


def usual() -> list[Logged]:
    """Every analysis by the name that it has where the user gives none."""
    return [Logged(kind, kind) for kinds in SECTIONS.values() for kind in kinds]


def sections_of(records: Sequence[Logged]) -> list[Section]:
    """The sections that show these records, the training first and the user's own analyses last."""
    sections = []
    for title, kinds in SECTIONS.items():
        those = [(kind, one) for kind in kinds for one in records if one.kind == kind]
        training = [Panel("lines", name, keys) for name, keys in TRAINING.items()] if not kinds else []
        panels = [*training, *(panel for kind, one in those for panel in _panels(kind, one))]
        if panels:
            sections.append(Section(title, tuple(panels)))
    return sections + [Section(one.name, tuple(_own_panels(one))) for one in records if one.kind is None]


def _panels(kind: Kind, one: Logged) -> list[Panel]:
    """Lines, the picture, interactive figures and the table of a record; a name of the user's own behind titles."""
    ending = "" if one.name == kind else f" ({one.name})"
    lines = []
    for title, scalars in PLOTS[kind].items():
        there = [name for name in scalars if one.scalars is None or name in one.scalars]
        if there:
            lines.append(Panel("lines", title + ending, tuple(f"{one.name}/{name}" for name in there)))
    figures = [*([] if kind in WITHOUT_PICTURE else ["picture"]), *FIGURES.get(kind, ())]
    media = [Panel("media", f"{one.name}: {figure}", (f"{one.name}/{figure}",)) for figure in figures]
    return [*lines, *media, *_table(one)]


def _own_panels(one: Logged) -> list[Panel]:
    names = sorted(one.scalars or ())[:OWN_PLOTS]
    return [*(Panel("lines", name, (f"{one.name}/{name}",)) for name in names), *_table(one)]


def _table(one: Logged) -> list[Panel]:
    return [Panel("table", f"{one.name}: table", (f"{one.name}/table",))] if one.has_table else []
