"""A recording: several analyses listening to one pass.

Ten analyses cost one pass over the images, because they share it. The pass may be a sweep of its own
(:func:`rivalry.recording.sweep.sweep`) or the validation loop of a training; both drive the same object::

    with Recording(network, analyses, dataset) as recording:
        for batch in loader:
            recording.observe(batch, network(normalise(batch["image"])))
        records = recording.conclude(epoch=3, step=1200)
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from rivalry.data.dataset import ImageDataset
from rivalry.data.decoding import UnreadableError
from rivalry.lwta.layer import competitions, drawing_aside
from rivalry.numerics.fingerprint import state_fingerprint
from rivalry.recording.analysis import Analysis, check_analyses
from rivalry.recording.directed import DirectedLayers
from rivalry.recording.observation import Forward, Images, Listening, Observation, Shown, plain_forward
from rivalry.recording.ranks import keep_once, rank_and_world, sum_over_ranks
from rivalry.recording.taps import Taps
from rivalry.recording.undisturbed import undisturbed
from rivalry.records import JSON, Record


@dataclass(frozen=True)
class _Listener:
    analysis: Analysis
    layers: tuple[str, ...]


class Recording:
    """Lets analyses listen to one pass over a probe set, on one rank or on many.

    Everything that can be wrong before the first image is checked here. The context puts the hooks and takes them away;
    it may be entered again for the next pass. On several ranks the images must be sharded as ``DistributedSampler``
    does, and padding is left out.

    Args:
        network: The network that is heard.
        analyses: What listens, each under a name of its own.
        dataset: The probe set; indices of samples are positions in it.
        forward: From a network and pictures, 0 to 255, to logits; by default the network of ``images / 255``.
        settings: What the driver of the pass knows of it (mode, seed …), for the records.
        previous: Records of the epoch before, by name, for analyses that follow theirs.
        workers: Processes by which the driver reads the probe set; as many may read for an analysis.

    Raises:
        ValueError: For no analysis or two of one name, an unknown layer, samples that lack what an analysis needs, or
            whatever an analysis refuses.
    """

    def __init__(
        self,
        network: nn.Module,
        analyses: Sequence[Analysis],
        dataset: ImageDataset,
        *,
        forward: Forward = plain_forward,
        settings: Mapping[str, JSON] | None = None,
        previous: Mapping[str, Record] | None = None,
        workers: int = 0,
    ) -> None:
        check_analyses(analyses, network, dataset)
        self.network = network
        self.dataset = dataset
        self.forward = forward
        self.settings = dict(settings or {})
        self.previous = dict(previous or {})
        self.workers = workers
        self._directed = DirectedLayers(network, dataset, analyses)
        self._listeners = [_Listener(one, self._directed.layers[one.name]) for one in analyses]
        self._taps = Taps(network, self._directed.heard)
        self.device = torch.device("cpu")
        self._seen = self._kept = 0
        self._weights = ""

    def __enter__(self) -> Recording:
        """Put the hooks and start every analysis anew."""
        self.device = _device_of(self.network)
        self._seen = self._kept = 0
        competing = competitions(self.network)
        for listener in sorted(self._listeners, key=lambda one: not one.analysis.offers):
            listening = Listening(
                network=self.network,
                layers=listener.layers,
                dataset=self.dataset,
                device=self.device,
                competitors={name: competing[name].competitors for name in listener.layers if name in competing},
                dims={name: competing[name].dim for name in listener.layers if name in competing},
                forward=self.forward,
                show=partial(self._show, listener),
                previous=self.previous.get(listener.analysis.name) if listener.analysis.follows else None,
                workers=self.workers,
                directions=self._directed.known(listener.layers),
            )
            with _blaming(listener.analysis, "start"):
                listener.analysis.start(listening)
                self._directed.take(listener.analysis)
        self._taps.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the hooks."""
        self._taps.close()

    def observe(self, batch: Mapping[str, Any], logits: Tensor | None = None) -> None:
        """Show every analysis the batch that the network has just seen.

        Args:
            batch: Collated samples: ``image`` and ``index``, perhaps ``label`` and ``masks``.
            logits: The network's output for it.

        Raises:
            RuntimeError: If an analysis fails, naming it; the hooks are gone then.
            ValueError: If the pass missed a tapped layer, or shows more than the probe set holds.
        """
        try:
            observation = self._observation(batch, logits)
            for listener in self._listeners:
                with _blaming(listener.analysis, "observe"):
                    listener.analysis.observe(self._for_layers(observation, listener.layers))
        except BaseException:
            self._taps.close()
            raise

    def conclude(self, *, epoch: int, step: int) -> list[Record]:
        """Collect every analysis' finding into a record; the same on all ranks, which must all call it.

        Raises:
            RuntimeError: If an analysis fails, naming it.
            ValueError: If nothing was observed.
        """
        self._taps.close()
        samples = self._count_samples()
        self._weights = state_fingerprint(self.network)
        records = []
        for listener in self._listeners:
            with _blaming(listener.analysis, "conclude"):
                found = listener.analysis.conclude(self.network)
            settings = {**self._common_settings(listener, samples), **self.settings, **found.settings}
            records.append(
                Record(listener.analysis.name, epoch, step, found.scalars, found.tables, found.images, settings)
            )
        return records

    def _show(self, listener: _Listener, images: Images) -> Shown:
        """Run the network on pictures of an analysis' own, in the pass or after it."""
        with undisturbed(self.network), drawing_aside(self.network), self._taps.heard_apart():
            logits = self.forward(self.network, images)
            outputs, winners = self._taps.take()
        size = images.shape[2], images.shape[3]
        return Shown(
            logits.detach(),
            {name: self._directed.of(name, outputs, size) for name in listener.layers},
            {name: winners[name] for name in listener.layers if name in winners},
        )

    def _for_layers(self, observation: Observation, layers: tuple[str, ...]) -> Observation:
        """Let an analysis see its own layers only."""
        size = observation.images.shape[2], observation.images.shape[3]
        heard = observation.activations
        return replace(
            observation,
            activations={
                name: observation.once(("layer", name), partial(self._directed.of, name, heard, size))
                for name in layers
            },
            winners={name: observation.winners[name] for name in layers if name in observation.winners},
        )

    def _observation(self, batch: Mapping[str, Any], logits: Tensor | None) -> Observation:
        outputs, winners = self._taps.take()
        rows = len(batch["index"])
        rank, world = rank_and_world()
        keep = keep_once(self._seen, rows, rank, world, len(self.dataset))
        self._seen, self._kept = self._seen + rows, self._kept + int(keep.sum())
        if self._seen > -(-len(self.dataset) // world):
            raise ValueError(
                f"rank {rank} of {world} was shown {self._seen} samples of a probe set of {len(self.dataset)}: some "
                "came more than once; on several ranks the loader needs a DistributedSampler"
            )

        def own(tensor: Tensor) -> Tensor:
            if tensor.shape[0] != rows:
                raise ValueError(f"the network gave {tensor.shape[0]} rows for a batch of {rows} images")
            moved = tensor.detach().to(self.device, non_blocking=True)
            return moved if bool(keep.all()) else moved[keep.to(self.device)]

        def perhaps(tensor: Tensor | None) -> Tensor | None:
            return None if tensor is None else own(tensor)

        return Observation(
            index=own(batch["index"]),
            images=own(batch["image"]),
            labels=perhaps(batch.get("label")),
            masks=perhaps(batch.get("masks")),
            logits=perhaps(logits),
            activations={name: own(output) for name, output in outputs.items()},
            winners={name: own(drawn) for name, drawn in winners.items()},
        )

    def _count_samples(self) -> int:
        if not self._seen:
            raise ValueError("nothing was observed: the pass over the probe set had no batch on this rank")
        return int(sum_over_ranks(torch.tensor([self._kept], device=self.device)))

    def _common_settings(self, listener: _Listener, samples: int) -> dict[str, JSON]:
        competing = competitions(self.network)
        own = [name for name in listener.layers if name in competing]
        return {
            "layers": list(listener.layers),
            "competitors": {name: competing[name].competitors for name in own},
            "sharpness": {name: float(competing[name].sharpness) for name in own},
            "network": type(self.network).__name__,
            "weights": self._weights,
            "dataset": self.dataset.fingerprint,
            "samples": samples,
        }


@contextmanager
def _blaming(analysis: Analysis, deed: str) -> Iterator[None]:
    """Name the analysis whose failure ends the recording; none is to blame for a picture that cannot be read.

    What it refuses at its start, before the first batch, stays a ``ValueError``: the user can mend that.
    """
    try:
        yield
    except UnreadableError:
        raise
    except Exception as error:
        if deed == "start" and isinstance(error, ValueError):
            raise ValueError(f"analysis {analysis.name!r} cannot start: {error}") from error
        raise RuntimeError(f"analysis {analysis.name!r} failed to {deed}: {error}") from error


def _device_of(network: nn.Module) -> torch.device:
    tensor = next(itertools.chain(network.parameters(), network.buffers()), None)
    return torch.device("cpu") if tensor is None else tensor.device
