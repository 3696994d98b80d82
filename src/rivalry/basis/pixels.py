"""What a basis is fitted to: maps of some pictures of the first half, and what their masks show at each place.

This is a stated reservoir: of every layer at most so many places are kept, each with its channels and the share of its
cell that shows each concept, in 4 bytes × places × (channels + concepts), three times that for the moment in which they
are gathered. Pictures are chosen by seed and index, the same on any number of ranks, all of which hold all of them.

Maps are kept whole where two hundred pictures fit, or all there are; of finer ones every second place of every second
row is kept, or every third of every third …
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rivalry.basis.concept_masks import ConceptMasks
from rivalry.basis.detectors.wins import nearest_places
from rivalry.data.dataset import ImageDataset
from rivalry.numerics.sampling import draw
from rivalry.recording.chosen import ChosenPictures
from rivalry.recording.layer_maps import Maps, Shape
from rivalry.recording.observation import Images
from rivalry.recording.ranks import rank_and_world
from rivalry.recording.sample_rows import Rows, SampleRows

_PICTURES = 200
"""So many shall be kept at least, if need be at fewer places each."""


@dataclass(frozen=True)
class Pixels:
    """What is kept of one layer.

    Attributes:
        index: Of the pictures in their data set, ascending.
        maps: What the layer made of them.
        shares: Share of the mask's pixels in each place's cell that shows each concept; without masks no concepts.
        labelled: Whether a concept's category is labelled in a picture.
    """

    index: Int[Tensor, " pictures"]
    maps: Float[Tensor, "pictures channels height width"]
    shares: Float[Tensor, "pictures height width concepts"]
    labelled: Bool[Tensor, "pictures concepts"]

    @property
    def vectors(self) -> Float[Tensor, "pixels channels"]:
        """The places of all pictures, one after the other."""
        return self.maps.movedim(1, 3).flatten(0, 2)

    @property
    def vector_shares(self) -> Float[Tensor, "pixels concepts"]:
        """Of the same places."""
        return self.shares.flatten(0, 2)

    @property
    def vector_labelled(self) -> Bool[Tensor, "pixels concepts"]:
        """Of the same places."""
        places = self.maps.shape[2] * self.maps.shape[3]
        return self.labelled.repeat_interleave(places, dim=0)

    def own_maps(self, at_once: int = 32) -> Iterator[tuple[Tensor, Tensor]]:
        """Maps and indices of the pictures that this rank has to count, some at a time."""
        rank, world = rank_and_world()
        maps, index = self.maps[rank::world], self.index[rank::world]
        yield from zip(torch.split(maps, at_once), torch.split(index, at_once), strict=True)


@dataclass(frozen=True)
class Reservoir:
    """Chooses pictures of the first half of a data set and keeps what layers make of them.

    Attributes:
        dataset: The probe set.
        half: Positions of the pictures that may be chosen.
        pixels: Places that are kept of a layer at most, one at least.
        seed: Of the choice.
        truth: What masks speak of, if there are any.
    """

    dataset: ImageDataset
    half: Int[Tensor, " half"]
    pixels: int
    seed: int
    truth: ConceptMasks | None = None

    def step(self, shape: Shape) -> int:
        """Of how many rows, and of how many places in a row, one is kept."""
        wanted = min(len(self.half), _PICTURES)
        steps = range(1, max(shape[1:]) + 1)
        return next((step for step in steps if wanted * _places(shape, step) <= self.pixels), max(steps))

    def pictures(self, shape: Shape) -> tuple[int, ...]:
        """Positions of those chosen for a layer, ascending; of two layers one has some of the other's."""
        count = max(1, self.pixels // _places(shape, self.step(shape)))
        drawn = self.half[draw(len(self.half), count, self.seed)]
        return tuple(drawn.sort().values.tolist())

    def places(self, shape: Shape) -> int:
        """Places that are kept of a layer."""
        return len(self.pictures(shape)) * _places(shape, self.step(shape))

    def rows(self, shape: Shape) -> SampleRows:
        """Room for what is kept of a layer, a row a picture.

        Raises:
            ValueError: If that takes more than 2 GiB.
        """
        step = self.step(shape)
        columns = _columns((shape[0], *_grid(shape, step)), self._concepts)
        try:
            return SampleRows(columns, len(self.pictures(shape)))
        except ValueError as error:
            raise ValueError(f"a basis is fitted to at most {self.pixels} pixels; give fewer: {error}") from error

    def fill(
        self, shapes: Mapping[str, Shape], show: Callable[[Images], Maps], device: torch.device, workers: int
    ) -> dict[str, Pixels]:
        """Show the network the chosen pictures and keep what each layer makes of them. A collective.

        Args:
            shapes: Of the maps of each layer.
            show: Gives the maps of some pictures.
            device: Where pictures are shown and maps are kept.
            workers: Processes that decode.

        Raises:
            ValueError: If that takes more than 2 GiB a layer, or masks do not fit their pictures.
        """
        wanted = {layer: torch.tensor(self.pictures(shape), device=device) for layer, shape in shapes.items()}
        steps = {layer: self.step(shape) for layer, shape in shapes.items()}
        kept = {layer: (shape[0], *_grid(shape, steps[layer])) for layer, shape in shapes.items()}
        rows = {}
        for layer, shape in kept.items():
            rows[layer] = self.rows(shapes[layer]).to(device)
            nothing = torch.zeros(0, _columns(shape, self._concepts), device=device)
            rows[layer].update(nothing, wanted[layer][:0])  # perhaps all of this rank's
        pictures = tuple(max(wanted.values(), key=len).tolist())
        for batch in ChosenPictures(self.dataset, pictures, device, workers).batches():
            images, index = batch["image"].to(device), batch["index"].to(device)
            masks = self._masks(batch, (images.shape[2], images.shape[3]), device)
            for layer, maps in show(images).items():
                keep = torch.isin(index, wanted[layer])
                own = None if masks is None else masks[keep]
                rows[layer].update(self._row(maps[keep].float(), own, steps[layer]), index[keep])
        return {layer: _unpack(rows[layer].compute(), shape, self._concepts) for layer, shape in kept.items()}

    @property
    def _concepts(self) -> int:
        return 0 if self.truth is None else len(self.truth.concepts)

    def _masks(self, batch: Mapping[str, Any], image_size: tuple[int, int], device: torch.device) -> Tensor | None:
        return None if self.truth is None else self.truth.of(batch["masks"].to(device), image_size)

    def _row(
        self,
        maps: Float[Tensor, "batch channels height width"],
        masks: Int[Tensor, "batch categories height_ width_"] | None,
        step: int,
    ) -> Float[Tensor, "batch columns"]:
        """All that is kept of a picture, in one row."""
        kept = maps[:, :, ::step, ::step].flatten(1)
        if self.truth is None or masks is None:
            return kept
        shares = cell_shares(masks, self._concepts, (maps.shape[2], maps.shape[3]))[:, ::step, ::step]
        labelled = (masks != 0).flatten(2).any(2)[:, list(self.truth.categories)]
        return torch.cat([kept, shares.flatten(1), labelled.float()], dim=1)


def cell_shares(
    masks: Int[Tensor, "batch categories height width"], concepts: int, grid: tuple[int, int]
) -> Float[Tensor, "batch rows columns concepts"]:
    """Share of the pixels in every cell of a grid that shows each concept; 0 in a cell without a pixel.

    A pixel lies in the cell that upsampling the grid by nearest neighbours would give it.

    >>> cell_shares(torch.tensor([[[[1, 1, 2, 0]]]]), 2, (1, 2))
    tensor([[[[1.0000, 0.0000],
              [0.0000, 0.5000]]]])
    """
    batch, _, height, width = masks.shape
    cells = nearest_places(grid, (height, width)).to(masks.device)
    first = torch.arange(batch, device=masks.device)[:, None, None] * (grid[0] * grid[1])
    cell = first + cells
    places = cell[:, None] * (concepts + 1) + masks.long()
    counts = torch.bincount(places.flatten(), minlength=batch * grid[0] * grid[1] * (concepts + 1))
    total = torch.bincount(cell.flatten(), minlength=batch * grid[0] * grid[1]).clamp(min=1)
    shares = counts.view(-1, concepts + 1)[:, 1:] / total[:, None]
    return shares.view(batch, *grid, concepts)


def _grid(shape: Shape, step: int) -> tuple[int, int]:
    """Rows and columns of which one of so many is kept, the first for certain."""
    return -(-shape[1] // step), -(-shape[2] // step)


def _places(shape: Shape, step: int) -> int:
    rows, columns = _grid(shape, step)
    return rows * columns


def _columns(shape: Shape, concepts: int) -> int:
    channels, height, width = shape
    return height * width * (channels + concepts) + concepts


def _unpack(rows: Rows, shape: Shape, concepts: int) -> Pixels:
    channels, height, width = shape
    sizes = [channels * height * width, height * width * concepts, concepts]
    maps, shares, labelled = torch.split(rows.values, sizes, dim=1)
    pictures = len(rows.index)
    shares = shares.reshape(pictures, height, width, concepts)
    return Pixels(rows.index, maps.reshape(pictures, *shape), shares, labelled > 0)
