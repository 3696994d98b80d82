"""A CLIP of a few thousand random numbers, in open_clip's folder format, that only its plumbing is true of."""

from __future__ import annotations

import json
from pathlib import Path

import open_clip
import torch
from safetensors.torch import save_file
from torch import Tensor

from rivalry.clip.towers import Clip, prepare

CONFIG = {
    "model_cfg": {
        "embed_dim": 12,
        "vision_cfg": {"image_size": 16, "layers": 1, "width": 16, "head_width": 8, "patch_size": 8},
        "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
    },
    "preprocess_cfg": {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.25, 0.3], "interpolation": "bicubic"},
}


def write_tiny_clip(folder: Path, seed: int = 0, **preparation: object) -> Path:
    """Write it, with changes to how it prepares pictures."""
    folder.mkdir(parents=True)
    config = {**CONFIG, "preprocess_cfg": {**CONFIG["preprocess_cfg"], **preparation}}
    (folder / "open_clip_config.json").write_text(json.dumps(config))
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = open_clip.CLIP(**config["model_cfg"])
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


def encode_images(clip: Clip, images: Tensor) -> Tensor:
    """Features of pictures of one size."""
    return clip.encode_prepared(prepare(images, clip.preparation))
