"""``rivalry.load(DIR)``: a dissected checkpoint from its folder, wherever it comes from.

Everything is asked of the folder first (:mod:`rivalry.export.loading.guard`); then the network is built from names and
plain arguments, and takes its weights. Nothing is unpickled, nothing downloaded, and nothing of the folder is run.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import timm
import torch
from safetensors.torch import load_file
from torch import nn

import rivalry.lwta.networks  # noqa: F401  (registers the networks with timm)
from rivalry.export.folder import Configuration, Provenance
from rivalry.export.folder.layout import CONFIGURATION, NEURONS, PROVENANCE, SUMS, WEIGHTS
from rivalry.export.folder.neurons import check_neurons
from rivalry.export.folder.sums import check_sums
from rivalry.export.loading.checkpoint import DissectedCheckpoint
from rivalry.export.loading.guard.documents import read_json, read_text
from rivalry.export.loading.guard.network import check_network, in_one_line
from rivalry.export.loading.guard.tables import read_table
from rivalry.export.loading.guard.tensors import read_claims
from rivalry.export.loading.guard.tree import check_tree
from rivalry.export.loading.hub import HUB, fetch
from rivalry.export.loading.layers import check_layers
from rivalry.export.loading.records import StoredRecords
from rivalry.lwta.surgery import sparsify


def load(where: str | Path) -> DissectedCheckpoint:
    """Load a dissected checkpoint.

    Args:
        where: Its folder; or ``hf-hub:USER/NAME``, perhaps with ``@REVISION``, which is downloaded.

    Returns:
        The network in ``eval()`` on the CPU, with what is known of its units.

    Raises:
        ValueError: If there is no such folder, or anything in it is not as it should be; in one line.
    """
    folder = fetch(str(where)) if str(where).startswith(HUB) else Path(where)
    check_tree(folder)
    config = Configuration.from_json(read_json(folder / CONFIGURATION))
    read_text(folder / SUMS)
    check_sums(folder)
    provenance = Provenance.from_json(read_json(folder / PROVENANCE))
    check_network(config, read_claims(folder / WEIGHTS))
    neurons = _read_neurons(folder / NEURONS, config)
    with in_one_line(f"config.json: {config.architecture} cannot be built"):
        network = _build(config)
    network.load_state_dict(load_file(folder / WEIGHTS))
    check_layers(network.eval(), config.dissection)
    records = StoredRecords(folder, config.dissection.records)
    return DissectedCheckpoint(network, config, neurons, records, provenance, folder)


def _read_neurons(file: Path, config: Configuration) -> pa.Table:
    neurons = read_table(file)
    check_neurons(neurons, config.dissection.layers)
    return neurons


def _build(config: Configuration) -> nn.Module:
    """The network that ``config.json`` asks for, with random weights."""
    images = config.dissection.images
    with torch.random.fork_rng(devices=[]):
        network: nn.Module = timm.create_model(
            config.architecture, **{**config.model_args, "num_classes": config.num_classes}
        )
    told = {"input_size": (3, images.square.side, images.square.side), "mean": images.mean, "std": images.std}
    network.pretrained_cfg = {**network.pretrained_cfg, **told}  # type: ignore[assignment, dict-item]
    if config.architecture != "lwta":  # the layers of a dense twin are called as in training, one for every call
        sparsify(network, competitors=1)
    return network
