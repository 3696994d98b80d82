"""The tables and scalars of every analysis' record, as ``docs/`` tells of them; a test holds them against real ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

_KINDS = {"text": pa.string(), "whole": pa.int64(), "number": pa.float64(), "yes": pa.bool_(), "bytes": pa.binary()}
_KINDS |= {"small": pa.float32()}
_KINDS |= {f"{name}s": pa.list_(kind) for name, kind in _KINDS.items()}

_ONE_AGREEMENT = "pearson:number auprc:number iou:number"
_JUDGED = f"true_concept:text {_ONE_AGREEMENT} label_pearson:number label_auprc:number label_iou:number confirmed:yes"
_DIRECTIONS = "layer:text unit:whole weights:smalls bias:small axis:whole"
_CLUSTERED = "miou:number ari:number majority_accuracy:number corloc_oracle:number"
_FAITHFUL = "deletion:number insertion:number mu_fidelity:number gain:number"
_POLICIES = ("quantile_2020", "chosen", "bias", "wins")


def _numbers(names: str) -> str:
    return " ".join(f"{name}:number" for name in names.split())


_COLUMNS: Mapping[str, Mapping[str, str]] = {
    "activity": {
        "units": "layer:text unit:whole win_rate:number dead:yes",
        "layers": "layer:text competitors:whole active_fraction:number winner_entropy:number dead_units:whole "
        "negative_share:number",
    },
    "neurons": {
        "units": "layer:text unit:whole label:text score:number runner_up:text margin:number wins:whole "
        "win_rate:number mean:number dead:yes top_images:wholes clarity:number redundancy:number "
        f"polysemanticity:number monosemanticity:number {_JUDGED}",
        "classes": f"class:text {_JUDGED}",
    },
    "profiles": {
        "units": "layer:text unit:whole pictures:whole wins:whole win_rate:number mean:number "
        "standard_deviation:number lowest:number highest:number dead:yes density:number edges:numbers counts:wholes "
        "sampled:whole raised_classes:texts raised_effects:numbers lowered_classes:texts lowered_effects:numbers "
        "effects_by:text nearest_units:wholes nearest_cosines:numbers",
        "samples": "layer:text unit:whole kind:text rank:whole quantile:number index:whole value:number class:text "
        "map:bytes height:whole width:whole left:number top:number right:number bottom:number",
        "pictures": "index:whole class:text width:whole height:whole thumbnail:bytes",
    },
    "emergence": {
        "concepts": "concept:text first_epoch:whole last_epoch:whole epochs:whole units:whole",
        "streams": "epoch:whole concept:text units:whole",
        "epochs": "epoch:whole step:whole living_units:whole distinct_concepts:whole new_concepts:whole "
        "lost_concepts:whole concepts_so_far:whole labels_unchanged:number",
    },
    "clusters": {
        "maps": "index:whole layer:text clusters:whole labels:bytes",
        "images": "index:whole clusters:whole silhouette:number drift_ari:number "
        + _numbers(" ".join(f"{name}{end}" for end in ("", "_slic", "_random")
                            for name in ("miou", "ari", "majority_accuracy", "corloc_oracle"))),
        "depths": f"layer:text ari_all:number ari_next:number {_CLUSTERED}",
        "scores": f"method:text {_CLUSTERED}",
    },
    "registers": {
        "layers": "layer:text shows_outliers:yes massive_channel:whole "
        + _numbers(
            "median high largest threshold outlier_fraction images_with_outliers max_to_median high_to_median "
            "outlier_fraction_random images_with_outliers_random max_to_median_random participation_outlier "
            "participation_normal massive_images mass_class mass_register mass_outlier mass_normal enrichment_class "
            "enrichment_register enrichment_outlier enrichment_normal entropy_class entropy_register entropy_outlier "
            "entropy_normal enrichment_permuted position_normal position_outlier position_gap position_gap_permuted "
            "global_class global_register global_outlier global_normal global_gap_register global_gap_outlier "
            "global_gap_permuted reliance_register_mean reliance_register_shuffle reliance_outlier_mean "
            "reliance_outlier_shuffle reliance_permuted_mean reliance_permuted_shuffle artefact_share artefact_lift "
            "artefact_share_permuted outlier_fraction_edited"
        ),
        "positions": "layer:text row:whole column:whole norm:number outlier_share:number",
        "images": "index:whole outliers:whole max_to_median:number",
        "units": "layer:text unit:whole outlier:number normal:number",
    },
    "watermark": {
        "reliance": "metric:text value:number low:number high:number",
        "layers": "layer:text units:whole carrying_units:whole "
        + _numbers(
            "decodability decodability_low decodability_high decodability_floor decodability_null cav_alignment "
            "cav_alignment_null cav_sensitivity cav_sensitivity_null cav_p tcav tcav_null tcav_permuted_low "
            "tcav_permuted_high best_detector attack_success attack_success_silenced attack_success_random accuracy "
            "accuracy_silenced accuracy_random effective_rank_clean effective_rank_marked effective_rank_null "
            "winner_entropy_clean winner_entropy_marked winner_entropy_null"
        ),
        "units": "layer:text unit:whole auroc:number auroc_null:number carries:yes",
        "groups": "class:text marked:yes pictures:whole accuracy:number counted:yes",
    },
    "detectors": {
        "units": "layer:text unit:whole label:text category:text iou_train:number iou:number detector:yes "
        "threshold:number reached:number auroc:number auroc_error:number average_precision:number auroc_label:text "
        "best_auroc:number "
        + " ".join(f"label_{one}:text iou_{one}:number threshold_{one}:number" for one in _POLICIES),
        "concepts": "layer:text concept:text category:text images_train:whole images:whole area:number "
        "best_possible_iou:number ceiling:number detectable:yes auroc_unit:whole auroc:number unit:whole iou:number "
        + " ".join(f"unit_{one}:whole iou_{one}:number" for one in _POLICIES),
        "categories": "layer:text policy:text category:text detectors:whole unique_detectors:whole "
        "unique_beyond_area:whole",
        "layers": "layer:text policy:text units:whole detectors:whole unique_detectors:whole unique_beyond_area:whole "
        "mean_iou:number mean_iou_train:number unscored_units:whole lowest_reached:number highest_reached:number",
    },
    "basis": {
        "bases": "layer:text basis:text policy:text directions:whole s1:number s1_per_direction:number s2:number "
        "s1_shuffled:number s2_shuffled:number detectors:whole unique_detectors:whole unscored:whole "
        "mean_best_auroc:number monosemanticity:number active:number entropy:number dead:number hoyer:number "
        "redundancy:number",
        "units": "layer:text unit:whole label:text category:text iou_train:number iou:number beyond:number "
        "auroc:number best_auroc:number label_bias:text category_bias:text iou_train_bias:number iou_bias:number "
        "stability:number redundancy:number monosemanticity:number",
        "concepts": "layer:text concept:text category:text natural:number pca:number random:number "
        "unsupervised:number supervised:number",
        "classes": "layer:text class:text concept:text category:text factor:number explained:number",
        "directions": _DIRECTIONS,
        "rotations": "layer:text channels:whole directions:whole margin:number bias:number loss_sparsity:number "
        "loss_activation:number loss_margin:number loss_inactivity:number loss_total:number "
        "orthogonality_error:number epochs:whole converged:yes warm:yes mean:numbers scale:numbers",
        "losses": "layer:text epoch:whole sparsity:number activation:number margin:number inactivity:number "
        "total:number rate:number",
    },
    "concepts": {
        "classes": "layer:text class:text images:whole predicted:whole accuracy:number logit:number "
        "unexplained:number relative_l2:number iterations:whole converged:yes dead:whole linear:yes strategies:whole "
        "silhouette:number marked_share:number marked_ami:number marked_ami_shuffled:number marked_ami_high:number "
        "reason:text",
        "concepts": "layer:text class:text concept:whole unit:whole name:text runner_up:text name_score:number "
        "importance:number contribution:number share:number prevalence:number reliability:number "
        "linear_prevalence:number linear_reliability:number energy:number aligned_classes:texts alignments:numbers "
        "similar:texts similarities:numbers",
        "crops": "layer:text class:text concept:whole rank:whole index:whole top:whole left:whole height:whole "
        "width:whole code:number picture:bytes",
        "pictures": "layer:text class:text index:whole label:text correct:yes marked:yes x:number y:number "
        "strategy:whole dominant:whole importance:numbers thumbnail:bytes",
        "strategies": "layer:text class:text strategy:whole images:whole accuracy:number marked_share:number "
        "concepts:wholes differences:numbers",
        "extractions": "layer:text class:text extraction:text concepts:whole relative_l2:number zeros:number "
        "stability:number wasserstein:number frechet:number out_of_distribution:number iterations:whole "
        f"converged:yes dead:whole unexplained:number {_FAITHFUL} reason:text",
        "importances": f"layer:text class:text method:text {_FAITHFUL} random_deletion:number random_insertion:number "
        "optimum_deletion:number optimum_insertion:number constant:whole draws:whole",
        "shared": "layer:text class:text concept:whole name:text other_class:text other_concept:whole "
        "other_name:text cosine:number",
        "directions": _DIRECTIONS,
    },
    "prototypes": {
        "prototypes": "target:text kind:text layer:text unit:whole class:text concept:whole copy:whole method:text "
        "value:number probability:number natural_value:number natural_top:number start:text steps:whole rate:number "
        "restarts:whole stopped:yes reason:text picture:bytes alpha:bytes",
        "examples": "target:text kind:text quantile:number rank:whole index:whole value:number picture:bytes",
        "history": "target:text copy:whole method:text step:whole value:number",
        "naturalness": "target:text method:text copy:whole layer:text depth:whole "
        + _numbers(" ".join(f"{kind}{name}" for kind in ("", "averaged_", "same_", "other_")
                            for name in ("spearman", "cosine", "relative_l1")))
        + " normalised:number low:number high:number normalised_cosine:number pictures:whole others:whole places:whole",
        "naturalness_layers": "method:text layer:text depth:whole targets:whole "
        + _numbers("spearman same_spearman other_spearman normalised low high above above_low above_high"),
    },
}  # fmt: skip

_METRICS = (
    "accuracy_clean accuracy_marked accuracy_null accuracy_swapped accuracy_gap accuracy_gap_null accuracy_gap_excess "
    "removal_drop removal_drop_null attack_success attack_success_clean attack_success_null attack_success_lift "
    "attack_success_lift_null attack_success_excess logit_shift logit_shift_null worst_group adjusted_mean "
    "relevance_lift gradient_input_lift relevance_lift_clean gradient_input_lift_clean relevance_lift_null "
    "gradient_input_lift_null cluster_entropy_drop cluster_iou cluster_iou_clean cluster_entropy_drop_null "
    "cluster_iou_null decodability decodability_floor decodability_null"
)

RELIANCE: Sequence[str] = _METRICS.split()
"""Metrics of the watermark probe's table ``reliance``; each is a scalar too, and so are its two ends."""

_SCALARS = {
    "activity": "active_fraction winner_entropy negative_share dead_units",
    "neurons": "units dead_units distinct_concepts mean_margin mean_win_rate clarity redundancy polysemanticity "
    "monosemanticity confirmed label_pearson label_auprc label_iou confirmed_floor label_pearson_floor "
    "label_auprc_floor label_iou_floor clarity_floor natural_confirmed natural_pearson natural_auprc natural_iou",
    "profiles": "units dead_units mean_win_rate mean_density pictures",
    "emergence": "distinct_concepts new_concepts lost_concepts concepts_so_far labels_unchanged",
    "clusters": "clusters silhouette drift_ari "
    + " ".join(f"{name}{end}" for end in ("", "_slic", "_random")
               for name in ("miou", "ari", "majority_accuracy", "corloc_oracle")),
    "registers": "shows_outliers layers_with_outliers outlier_fraction images_with_outliers max_to_median "
    "high_to_median massive_images enrichment_class enrichment_register enrichment_outlier enrichment_permuted "
    "position_gap global_gap_register global_gap_outlier artefact_share artefact_lift outlier_fraction_edited "
    "reliance_register_mean reliance_register_shuffle reliance_outlier_mean reliance_outlier_shuffle "
    "reliance_permuted_mean reliance_permuted_shuffle accuracy accuracy_edited",
    "watermark": " ".join(f"{name}{end}" for name in RELIANCE for end in ("", "_low", "_high"))
    + " cav_alignment cav_sensitivity cav_p tcav best_detector effective_rank_drop effective_rank_drop_null "
    "winner_entropy_drop winner_entropy_drop_null carrying_units carrying_share attack_success_silenced "
    "attack_success_random accuracy_silenced accuracy_random",
    "detectors": " ".join(f"{name}{end}" for end in ("", "_quantile_2020", "_chosen", "_wins")
                          for name in ("detectors", "unique_detectors", "mean_iou"))
    + " units unscored_units concepts undetectable_concepts mean_best_auroc",
    "basis": " ".join(f"{name}_{basis}" for name in ("s1", "s2") for basis in
                      ("natural", "pca", "random", "unsupervised", "supervised", "shuffled"))
    + " detectors unique_detectors mean_best_auroc monosemanticity active dead redundancy stability",
    "concepts": "classes unexplained strategies relative_l2 zeros stability mu_fidelity gain reliability",
    "prototypes": "targets without above_natural naturalness naturalness_plain layers_above_plain layers_more_alike "
    "layers_with_scale",
}  # fmt: skip

SCALARS: Mapping[str, Sequence[str]] = {kind: names.split() for kind, names in _SCALARS.items()}
"""Names of the scalars of every kind of record."""

SCHEMAS: Mapping[str, Mapping[str, pa.Schema]] = {
    kind: {
        table: pa.schema([(name, _KINDS[of]) for name, of in (column.split(":") for column in columns.split())])
        for table, columns in tables.items()
    }
    for kind, tables in _COLUMNS.items()
}
"""By kind of record, the tables and their columns."""
