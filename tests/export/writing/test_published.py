"""Published weights, exported and loaded where nothing knows how networks are trained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from rivalry.export.writing.command import export_from_arguments

SETTINGS = """\
probe:
  class_path: rivalry.data.ImageParquet
  init_args: {path: "${RIVALRY_DATA}/cifar10/test-00000-of-00001.parquet", image: image, label: label}
"""
LOAD = """\
import sys
import torch, rivalry
from rivalry.data import ImageParquet
checkpoint = rivalry.load(sys.argv[1])
pictures = ImageParquet(sys.argv[2], image="image", label="label")
samples = [pictures[index] for index in range(200)]
logits = checkpoint.logits(torch.stack([sample["image"] for sample in samples]))
right = logits.argmax(1) == torch.tensor([sample["label"] for sample in samples])
assert pictures.classes == checkpoint.classes
assert right.float().mean() > 0.88, right.float().mean()
assert not {"lightning", "wandb", "rivalry.training"} & sys.modules.keys()
"""


@pytest.mark.slow
@pytest.mark.data
def test_a_published_network_of_cifar_10(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RIVALRY_DATA", str(shared_data))
    (tmp_path / "study.yaml").write_text(SETTINGS)
    weights = str(shared_data / "weights/cifar10_resnet20.safetensors")
    given = ["--weights", weights, "--config", str(tmp_path / "study.yaml"), "--out", str(tmp_path / "out")]
    folder = export_from_arguments(["cifar_resnet20", *given])
    pictures = shared_data / "cifar10/test-00000-of-00001.parquet"
    subprocess.run([sys.executable, "-c", LOAD, str(folder), str(pictures)], check=True, timeout=120)


@pytest.mark.slow
@pytest.mark.data
def test_a_published_network_of_imagenet_loads_without_rivalry(shared_data: Path, tmp_path: Path) -> None:
    weights = str(shared_data / "weights/deit_tiny_patch16_224.safetensors")
    out = str(tmp_path / "out")
    folder = export_from_arguments(["deit_tiny_patch16_224", "--weights", weights, "--out", out])
    load = (
        "import sys, timm\n"
        "network = timm.create_model(f'local-dir:{sys.argv[1]}', pretrained=True)\n"
        "assert network.pretrained_cfg['label_names'][:2] == ['tench', 'goldfish']\n"
        "assert 'rivalry' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", load, str(folder)], check=True, timeout=120)
