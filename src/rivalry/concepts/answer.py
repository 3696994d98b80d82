"""The answer of a class: its logit, as a function of the codes of pictures. What counts for it is asked of this alone.

    h(U) = logit of the class for activations U V          U: codes, V: dictionary

Where all that stands behind a layer is a mean over places and a linear classifier, h is a sum (:class:`LinearAnswer`)
and nothing has to be run; elsewhere the rest of the network is (:class:`NetworkAnswer`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from rivalry.concepts.batches import batched
from rivalry.concepts.extraction.dictionary import Dictionary
from rivalry.recording.draws import check_draws
from rivalry.recording.layer_maps import LayerMaps
from rivalry.recording.rest import Rest


class Answer(ABC):
    """The logit of one class as a function of the codes of some pictures.

    Attributes:
        concepts: Concepts in a code.
        numbers: What answering for one picture takes at a time, in numbers; decides the size of batches.
    """

    concepts: int
    numbers: int

    @abstractmethod
    def __call__(self, codes: Float[Tensor, "batch places concepts"], image: Int[Tensor, " batch"]) -> Tensor:
        """The logits; gradients pass to the codes.

        Args:
            codes: Of places; perhaps others than the pictures' own.
            image: Of which picture each is, counted from 0.

        Returns:
            The class's logit of each, (batch,).
        """

    def masked(
        self,
        codes: Float[Tensor, "images places concepts"],
        masks: Float[Tensor, "images masks concepts"],
        *,
        budget: int | None = None,
    ) -> Float[Tensor, "images masks"]:
        """The logits of codes multiplied by masks, a concept at all places of a picture by the same factor.

        Args:
            codes: Of all pictures.
            masks: Factors; the same for all pictures where they are an expanded view, which takes no memory.
            budget: Numbers that a batch may take; by device where it is not given.
        """
        count = masks.shape[1]

        def some(pairs: Int[Tensor, " batch"]) -> Float[Tensor, " batch"]:
            image, mask = pairs // count, pairs % count
            return self(codes[image] * masks[image, mask][:, None], image)

        with torch.no_grad():
            return batched(some, len(codes) * count, self.numbers, codes.device, budget).reshape(len(codes), count)

    def gradients(
        self, codes: Float[Tensor, "batch places concepts"], image: Int[Tensor, " batch"], *, budget: int | None = None
    ) -> Float[Tensor, "batch places concepts"]:
        """The gradient of the logit at codes.

        Args:
            codes: Where it is taken.
            image: Of which picture each is.
            budget: Numbers that a batch may take; by device where it is not given.
        """

        def some(rows: Int[Tensor, " rows"]) -> Float[Tensor, "rows places concepts"]:
            with torch.inference_mode(False), torch.enable_grad():
                at = codes[rows].clone().requires_grad_()
                (gradient,) = torch.autograd.grad(self(at, image[rows].clone()).sum(), at)
            return gradient

        return batched(some, len(codes), 2 * self.numbers, codes.device, budget)


class LinearAnswer(Answer):
    """h(u) = Σ_i γ_i ū_i + constant, ū being the mean of the codes over places.

    Args:
        weights: γ, the logit that a mean code of 1 adds.
        constant: The logit of no concept at all, the classifier's bias.
    """

    numbers = 1

    def __init__(self, weights: Float[Tensor, " concepts"], constant: float = 0.0) -> None:
        self.weights, self.constant, self.concepts = weights, constant, len(weights)

    @classmethod
    def read(cls, classifier: nn.Linear, dictionary: Dictionary, class_: int) -> LinearAnswer:
        """The answer of a class that a classifier reads from the mean of a layer: γ_i = v_i · w_class.

        Args:
            classifier: As :func:`rivalry.recording.linear_head.reading_classifier` finds it.
            dictionary: The concepts.
            class_: Its number.

        Raises:
            ValueError: For no class of the classifier.
        """
        check_class(class_, classifier.out_features)
        concepts = dictionary.concepts
        weights = concepts @ classifier.weight[class_].detach().to(concepts)
        return cls(weights, 0.0 if classifier.bias is None else float(classifier.bias[class_].detach()))

    def __call__(self, codes: Float[Tensor, "batch places concepts"], image: Int[Tensor, " batch"]) -> Tensor:
        """The logits."""
        return codes.mean(1) @ self.weights.to(codes) + self.constant

    def masked(
        self,
        codes: Float[Tensor, "images places concepts"],
        masks: Float[Tensor, "images masks concepts"],
        *,
        budget: int | None = None,
    ) -> Float[Tensor, "images masks"]:
        """The logits of codes multiplied by masks, by one product a picture."""
        added = codes.mean(1) * self.weights.to(codes)
        return (masks.to(added) @ added[..., None])[..., 0] + self.constant


class NetworkAnswer(Answer):
    """The logit that the rest of a network gives to decoded codes.

    Args:
        rest: The network behind the layer, entered; its pictures are those that codes are counted by.
        maps: How the layer lies on the pictures.
        dictionary: The concepts.
        class_: Number of the class.
        draws: Runs to average where LWTA layers draw their winners; the logit is then an expectation over them.

    Raises:
        ValueError: For no class of the network, fewer than one draw, or several of a network that draws nothing.
    """

    def __init__(self, rest: Rest, maps: LayerMaps, dictionary: Dictionary, class_: int, draws: int = 1) -> None:
        check_class(class_, rest.logits.shape[1])
        check_draws(draws, rest.network)
        self.concepts, self.numbers = len(dictionary.concepts), rest.numbers
        self._rest, self._maps, self._class, self._draws = rest, maps, class_, draws
        with torch.inference_mode(False):  # autograd refuses what was made in that mode
            self._dictionary = replace(dictionary, concepts=dictionary.concepts.clone())

    def __call__(self, codes: Float[Tensor, "batch places concepts"], image: Int[Tensor, " batch"]) -> Tensor:
        """The logits."""
        layer = self._rest.layer
        channels, height, width = self._maps.shapes[layer]
        maps = self._dictionary.decode(codes).mT.reshape(len(codes), channels, height, width)
        outputs = self._maps.into(layer, self._rest.outputs.index_select(0, image), maps)
        logits = [self._rest(outputs, image)[:, self._class].to(codes) for _ in range(self._draws)]
        return torch.stack(logits).mean(0)


def check_class(class_: int, classes: int) -> None:
    """Raise a ``ValueError`` for a number that is none of so many classes."""
    if not 0 <= class_ < classes:
        raise ValueError(f"the network tells classes 0 to {classes - 1} apart, got {class_}")
