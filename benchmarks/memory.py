"""What a dissection keeps in memory and on disk, beside the formulas of docs/scale.md.

Each part is measured in a process of its own, at a size of which the memory is well above the noise, as bytes for the
unit that its formula counts in.

python benchmarks/memory.py
"""

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from side_by_side import peak_mb
from torch.nn.functional import normalize

from rivalry.clip.feature_files import KEY, FeatureFiles
from rivalry.dissection.naming import best_by_top_images
from rivalry.recording.top_images import TopImages

RESULT = Path(__file__).parent / "results" / "memory.json"
UNITS, TOP_K, TILE, IMAGES, WIDTH = 2000, 100, 256, 200_000, 512


def top_images() -> dict[str, float]:
    """Bytes for a unit and place: kept, and at the most while a batch of 64 claims places."""
    units = 20 * UNITS
    top = TopImages(units, TOP_K)
    begun = _peak()
    for start in range(0, 256, 64):
        top.update(torch.rand(64, units), torch.ones(64, units), torch.arange(start, start + 64))
    kept = top.keys.numel() * top.keys.element_size() + top.wins.numel() * top.wins.element_size()
    return {
        "kept, bytes a unit and place": kept / (units * TOP_K),
        "at the most while claiming, bytes a unit and place": (_peak() - begun) / (units * (TOP_K + 64)),
    }


def scores_of_units() -> dict[str, float]:
    """Bytes for a unit and word of a tile while a wide layer with few images is named."""
    units = 10 * UNITS
    return {"at the most while scoring, bytes a unit and word of a tile": _naming(units, 5, 500) / (units * TILE)}


def scores_of_images() -> dict[str, float]:
    """Bytes for an image while a narrow layer with many images is named: its features once more, and its chances."""
    pictures = IMAGES // 4
    return {"at the most while scoring, bytes a picture": _naming(pictures // TOP_K, TOP_K, pictures) / pictures}


def _naming(units: int, top_k: int, pictures: int) -> float:
    """Most memory that naming takes; one picture is nobody's, so that those that are have to be picked."""
    generator = torch.Generator().manual_seed(0)
    top = torch.randperm(units * top_k, generator=generator).reshape(units, top_k) % pictures
    images = normalize(torch.randn(pictures + 1, WIDTH, generator=generator), dim=1)
    words = normalize(torch.randn(2 * TILE, WIDTH, generator=generator), dim=1)
    best_by_top_images("soft_wpmi", top[:1], images, words)  # loads what the first call loads
    return 1e6 * peak_mb(lambda: best_by_top_images("soft_wpmi", top, images, words), torch.device("cpu"))


def features() -> dict[str, float]:
    """Bytes for a picture of the cache of CLIP's features: on disk, and of the keys in memory."""
    with tempfile.TemporaryDirectory() as folder:
        writer, rows = FeatureFiles(Path(folder)), torch.randn(4096, WIDTH)
        for start in range(0, IMAGES, len(rows)):
            writer.add(np.array([(start + row).to_bytes(16, "big") for row in range(len(rows))], KEY), rows)
        size = sum(file.stat().st_size for file in writer.folder.iterdir())
        return {
            "on disk, bytes a picture": size / len(writer),
            "of the keys in memory, bytes a picture": (writer._keys.nbytes + writer._places.nbytes) / len(writer),
        }


def main() -> None:
    """Measure each part in a process, print the figures as JSON and keep them in ``benchmarks/results``."""
    figures: dict[str, dict[str, float]] = {}
    for part in ("top_images", "scores_of_units", "scores_of_images", "features"):
        said = subprocess.run([sys.executable, __file__, part], check=True, capture_output=True, text=True)
        figures[part] = {name: round(value, 1) for name, value in json.loads(said.stdout).items()}
    sizes = {"units": UNITS, "top_k": TOP_K, "words_of_a_tile": TILE, "pictures": IMAGES, "features": WIDTH}
    machine = {"cores": os.cpu_count(), "python": platform.python_version(), "torch": torch.__version__}
    result = {"benchmark": "memory", **sizes, **machine, "figures": figures}
    RESULT.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(result, indent=2))


def _peak() -> int:
    """Most memory that this process has had, in bytes (Linux counts it in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    if sys.argv[1:]:
        torch.set_num_threads(1)
        print(json.dumps(globals()[sys.argv[1]]()))
    else:
        main()
