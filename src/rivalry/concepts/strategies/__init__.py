"""Which concepts decide which pictures: the strategies by which a network takes pictures for a class.

Fel et al., "A Holistic Approach to Unifying Automatic Concept Extraction and Concept Importance Estimation" (NeurIPS
2023), section on strategies, and the Lens site that came with it. A picture is its importance vector φ: how much each
concept of the class adds to the logit. Pictures of like vectors were classified by the same strategy.

Read in this order: :mod:`dominance` (which concept decides a picture; prevalence and reliability), :mod:`layout` (the
vectors in two dimensions), :mod:`clusters` (strategies as clusters of vectors), :mod:`portraits` (what sets each
apart), :mod:`marks` (whether strategies tell watermarked pictures from others).
"""

from rivalry.concepts.strategies.clusters import Clusters, strategic_clusters
from rivalry.concepts.strategies.dominance import (
    dominant_concept,
    linear_prevalence,
    linear_reliability,
    prevalence,
    reliability,
)
from rivalry.concepts.strategies.layout import check_layout, layout
from rivalry.concepts.strategies.marks import MarkInformation, mark_information
from rivalry.concepts.strategies.portraits import Portrait, portraits

__all__ = [
    "Clusters",
    "MarkInformation",
    "Portrait",
    "check_layout",
    "dominant_concept",
    "layout",
    "linear_prevalence",
    "linear_reliability",
    "mark_information",
    "portraits",
    "prevalence",
    "reliability",
    "strategic_clusters",
]
