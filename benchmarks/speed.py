"""How fast Rivalry is beside the plain formulas and the dense networks, on this machine.

    python benchmarks/speed.py                    all of it, on the CPU (make bench)
    python benchmarks/speed.py --device cuda      on the GPU (make bench-gpu)
    python benchmarks/speed.py --only lwta,step   only measures that begin so

Rows go to ``benchmarks/results/<machine>.json``, in place of those of the same name; ``make docs`` puts them into
``docs/speed.md``.
"""

import clusters_speed
import competition_speed
import concepts_speed
import detectors_speed
import dissection_speed
import extraction_speed
import importance_speed
import prototypes_speed
import registers_speed
import rotation_speed
import site_speed
import sparse_inference_speed
import step_speed
import sweeps_speed
import torch
import watermark_speed
from jsonargparse import auto_cli
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from side_by_side import Comparison, keep, measure

COMPARISONS: list[Comparison] = [
    *competition_speed.COMPARISONS,
    *step_speed.COMPARISONS,
    *dissection_speed.COMPARISONS,
    *sweeps_speed.COMPARISONS,
    *sparse_inference_speed.COMPARISONS,
    *clusters_speed.COMPARISONS,
    *registers_speed.COMPARISONS,
    *watermark_speed.COMPARISONS,
    *detectors_speed.COMPARISONS,
    *rotation_speed.COMPARISONS,
    *extraction_speed.COMPARISONS,
    *importance_speed.COMPARISONS,
    *concepts_speed.COMPARISONS,
    *prototypes_speed.COMPARISONS,
    *site_speed.COMPARISONS,
]


def main(device: str = "cpu", only: str = "") -> None:
    """Measure and keep the rows.

    Args:
        device: Where to measure.
        only: Beginnings of the measures wanted, with commas between them; all by default.
    """
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit("there is no CUDA device here: leave --device out to measure on the CPU")
    wanted = [one for one in COMPARISONS if one.measure.startswith(tuple(only.split(",")))]
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns) as bar:
        task = bar.add_task("", total=len(wanted))
        for comparison in wanted:
            bar.update(task, description=f"{comparison.measure} beside {comparison.reference}")
            row = measure(comparison, torch.device(device))
            keep([row])
            bar.console.print(f"{row.measure} beside {row.reference}: {row.ratio:g}")
            bar.advance(task)


if __name__ == "__main__":
    auto_cli(main)
