"""What a prototype is called: words that CLIP finds likely for it, and less so for natural pictures.

    score(word) = mean over copies log p(word | prototype) − ½ · mean over natural pictures log p(word | picture)
    p(word | view) = softmax over words of scale · cos(view, word)

What is taken off are words that are likely for any picture. Half of it, for what all pictures share may well be what a
class is; this and the formula are our own choice, as for concepts (``docs/prototype_insight.md``). The same score of
the target's own pictures stands beside: a word of the prototype that its pictures are not called by is a hypothesis of
something spurious, or of a prototype that looks like nothing.

CLIP has learnt natural pictures. Of an image that is none, it says something all the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from rivalry.clip.feature_cache import ImageFeatures, word_features
from rivalry.clip.towers import load_clip, prepare
from rivalry.data.vocabulary import Vocabulary
from rivalry.numerics.sampling import draw
from rivalry.prototypes.insight.given import Known, Made
from rivalry.prototypes.insight.pictures import as_bytes
from rivalry.prototypes.insight.schemas import Row

BACKGROUND = 0.5
"""How much of what is said of natural pictures is taken off."""

LISTED = 5
"""Words that are told of a prototype."""

TEMPLATES = ("{}",)
"""Texts that words are put into."""

_VIEWS_AT_ONCE = 64


def name_rows(made: Made, known: Known, clip: str, vocabulary: Vocabulary, pictures: int) -> list[Row]:
    """Rows of the table ``names``: the best words of each target. A collective.

    Args:
        made: The prototypes.
        known: Says what is natural.
        clip: As for :func:`rivalry.clip.towers.load_clip`.
        vocabulary: The words.
        pictures: Natural pictures at most, of all kinds and of each target.
    """
    tower = load_clip(clip, str(known.device))
    words = word_features(tower, vocabulary.words, TEMPLATES)
    scale = float(tower.model.logit_scale.detach().exp())
    natural = ImageFeatures(tower)

    def likely(indices: Sequence[int]) -> Tensor:
        return mean_log_chance(natural.of(known.dataset, indices, workers=known.workers), words, scale)

    usual = likely(draw(len(known.dataset), pictures, known.seed).tolist())
    seen = tower.encode_prepared(prepare(as_bytes(made.images).to(tower.device), tower.preparation))
    rows = []
    for target, copies in made.rows_of().items():
        own = known.own[target][:pictures]
        scores = above_usual(mean_log_chance(seen[list(copies)], words, scale), usual)
        of_own = above_usual(likely(own), usual) if own else torch.full_like(scores, torch.nan)
        rows += [
            {"target": target, "rank": rank, "word": vocabulary.words[word], "score": float(scores[word])}
            | {"own_score": float(of_own[word])}
            for rank, word in enumerate(best_words(scores).tolist())
        ]
    return rows


def mean_log_chance(
    views: Float[Tensor, "views features"], words: Float[Tensor, "words features"], scale: float
) -> Float[Tensor, " words"]:
    """Mean over views of log p(word | view), in nats; float64.

    log p = scale · cos − log Σ exp(scale · cos), so that its mean follows from the mean feature and that of the sum.

    Args:
        views: Of unit length, one at least.
        words: Of unit length.
        scale: Of the cosines.
    """
    views, words = views.double(), words.double()
    mass = torch.cat([(scale * part @ words.T).logsumexp(1) for part in torch.split(views, _VIEWS_AT_ONCE)]).mean()
    return scale * words @ views.mean(0) - mass


def above_usual(likely: Float[Tensor, " words"], usual: Float[Tensor, " words"]) -> Float[Tensor, " words"]:
    """The score, from the mean of log p over views and over natural pictures."""
    return likely - BACKGROUND * usual


def best_words(scores: Float[Tensor, " words"]) -> Int[Tensor, " listed"]:
    """Positions of the words of the highest score, the best first."""
    return scores.topk(min(LISTED, len(scores))).indices
