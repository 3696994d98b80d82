"""Settings of a training of two small epochs in which every analysis listens: a small transformer learns pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

LAYERS = ["blocks.0.mlp.act", "blocks.1.mlp.act"]
ROOT = Path(__file__).parents[2]
CLIP = {"clip": f"local-dir:{ROOT / 'checkpoints' / 'picturebook-clip'}", "vocabulary": "picturebook"}
TARGETS = ["class:butterfly", "class:car", "class:fish"]
MARK = {"size": 0.6}
BOOK = "rivalry.data.PictureBook"
ANALYSES: list[dict[str, Any]] = [
    {"class_path": "rivalry.recording.Activity", "init_args": {"layers": LAYERS}},
    {"class_path": "rivalry.dissection.NeuronDissection", "init_args": {"layers": LAYERS, "top_k": 5, **CLIP}},
    {"class_path": "rivalry.dissection.UnitProfiles", "init_args": {"layers": LAYERS}},
    {"class_path": "rivalry.clusters.ActivationClusters", "init_args": {"images": 8}},
    {"class_path": "rivalry.artefacts.RegisterProbe", "init_args": {"sample": 8}},
    {
        "class_path": "rivalry.artefacts.WatermarkProbe",
        "init_args": {"watermark": MARK, "target": "butterfly", "layers": LAYERS, "samples": 16, "pictures": 4},
    },
    {"class_path": "rivalry.basis.NetworkDissection", "init_args": {"layers": LAYERS, "sample": 20}},
    {"class_path": "rivalry.basis.InterpretableBasis", "init_args": {"layers": [LAYERS[1]], "clip": CLIP["clip"]}},
    {"class_path": "rivalry.concepts.ConceptExtraction", "init_args": {"layers": [LAYERS[1]], "concepts": 3, **CLIP}},
    {
        "class_path": "rivalry.prototypes.Prototypes",
        "init_args": {"targets": TARGETS, "steps": 2},
    },
]
"""Every analysis that there is."""

NAMES = ("activity", "neurons", "profiles", "clusters", "registers", "watermark", "detectors", "basis", "concepts",
         "prototypes")  # fmt: skip
"""Their records."""


def write_settings_of_all(file: Path, **changes: Any) -> Path:
    """Write the settings, with keys at their top changed."""
    arguments = {"img_size": 64, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2, "global_pool": "avg"}
    settings = {
        "seed_everything": 0,
        "model": {
            "backbone": {"name": "vit_tiny_patch16_224", "competitors": 4, "arguments": arguments},
            "optimisation": {"optimiser": "adamw", "rate": 0.001},
        },
        "data": {
            "train": {"class_path": BOOK, "init_args": {"length": 64, "seed": 0}},
            "validation": {"class_path": BOOK, "init_args": {"length": 48, "seed": 2, "masks": True}},
            "batch_size": 16,
        },
        "analyses": ANALYSES,
        "trainer": {"max_epochs": 2, "accelerator": "cpu", "enable_progress_bar": False},
        "wandb": "offline",
    }
    file.write_text(yaml.safe_dump({**settings, **changes}))
    return file
