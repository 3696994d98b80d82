"""What the concepts of a dictionary count for in the pictures of a class, behind any layer.

Where a linear classifier reads the mean of the layer, the answer is closed; elsewhere the rest of the network is asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Float, UInt8
from torch import Tensor, nn

from rivalry.concepts.answer import Answer, LinearAnswer, NetworkAnswer
from rivalry.concepts.extraction import Dictionary
from rivalry.concepts.faithfulness import Faithfulness, judge_importance, random_floor
from rivalry.concepts.importance import Importance
from rivalry.concepts.shares import Shares, shares_of
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.observation import Forward
from rivalry.recording.rest import Rest

JUDGED = 32
"""Pictures by which importance is judged where the rest of the network must be asked: hundreds of times for each."""


@dataclass(frozen=True)
class Coded:
    """Pictures of a class, written in concepts.

    Attributes:
        dictionary: The concepts.
        codes: Of all pictures, place by place, row by row.
        methods: Which say how much each concept counts, the first of them for all that follows from it.
    """

    dictionary: Dictionary
    codes: Float[Tensor, "images places concepts"]
    methods: tuple[Importance, ...]


@dataclass(frozen=True)
class Weighed:
    """What concepts count for in some pictures.

    Attributes:
        importance: φ, by the first of the methods.
        shares: What each concept adds to the logit.
        faithfulness: Of every method, by name: over all pictures, or the first ``JUDGED`` of them.
    """

    importance: Float[Tensor, "images concepts"]
    shares: Shares
    faithfulness: Mapping[str, Faithfulness]


@dataclass(frozen=True)
class Behind:
    """What stands behind a layer.

    Attributes:
        layer: Dotted name.
        network: Left as it is.
        forward: From network and pictures to logits.
        maps: How the layer lies on the pictures.
        classifier: Which reads the mean of the layer; None where something else does.
        draws: Runs that are averaged where LWTA layers draw (see :class:`NetworkAnswer`).
        seed: Of all that is drawn.
    """

    layer: str
    network: nn.Module
    forward: Forward
    maps: LayerMaps
    classifier: nn.Linear | None
    draws: int = 1
    seed: int = 0

    def weigh(
        self,
        coded: Sequence[Coded],
        images: UInt8[Tensor, "images 3 height width"],
        logits: Float[Tensor, " images"],
        class_: int,
    ) -> list[Weighed]:
        """Weigh the concepts of several dictionaries.

        Args:
            coded: Every dictionary, with codes of all pictures.
            images: The pictures.
            logits: The class's, that the network gave to them.
            class_: Its number.
        """
        if self.classifier is not None:
            answers = [LinearAnswer.read(self.classifier, one.dictionary, class_) for one in coded]
            return [self._weigh(answer, one, logits) for answer, one in zip(answers, coded, strict=True)]
        with Rest(self.network, self.layer, images, self.forward, seed=self.seed) as rest:
            return [
                self._weigh(NetworkAnswer(rest, self.maps, one.dictionary, class_, self.draws), one, logits)
                for one in coded
            ]

    def _weigh(self, answer: Answer, one: Coded, logits: Float[Tensor, " images"]) -> Weighed:
        own, *others = one.methods
        importance = own.of(answer, one.codes, seed=self.seed)
        some = one.codes if self.classifier is not None else one.codes[:JUDGED]
        floor = random_floor(answer, some, seed=self.seed)
        phis = {own.name: importance[: len(some)]}
        phis |= {method.name: method.of(answer, some, seed=self.seed) for method in others}
        judged = {name: judge_importance(answer, some, phi, seed=self.seed, floor=floor) for name, phi in phis.items()}
        return Weighed(importance, shares_of(answer, one.codes, logits, seed=self.seed), judged)
