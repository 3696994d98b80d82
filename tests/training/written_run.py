"""A YAML file of a training of a second, and the command line called on it from within."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml

from rivalry.cli import main

TILES = "tests.recording.tiny.Tiles"
SETTINGS: dict[str, Any] = {
    "model": {
        "backbone": {"name": "test_resnet", "competitors": 2},
        "competition": {"sharpness": {"start": 1, "end": 9, "shape": "geometric"}},
        "optimisation": {"optimiser": "adamw", "rate": 0.01},
        "evaluation": {"samples": 2},
    },
    "data": {
        "train": {"class_path": TILES, "init_args": {"length": 16}},
        "validation": {"class_path": TILES, "init_args": {"length": 7, "seed": 1}},
        "test": {"class_path": TILES, "init_args": {"length": 5, "seed": 2}},
        "batch_size": 8,
    },
    "analyses": [{"class_path": "rivalry.recording.activity.Activity", "init_args": {"layers": ["*act?"]}}],
    "trainer": {"max_epochs": 2, "accelerator": "cpu", "enable_progress_bar": False},
    "wandb": "off",
}


def write_settings(file: Path, **changes: Any) -> Path:
    """Write the settings with dotted keys changed; a double underscore stands for the dot."""
    settings = copy.deepcopy(SETTINGS)
    for key, value in changes.items():
        *groups, last = key.split("__")
        place = settings
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    file.write_text(yaml.safe_dump(settings))
    return file


def rivalry(*arguments: object) -> int:
    """The exit status of ``rivalry ARGUMENTS``."""
    return main([str(argument) for argument in arguments])
