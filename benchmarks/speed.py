"""How fast Rivalry is beside the plain formulas and the dense networks, on this machine.

    python benchmarks/speed.py                      all of it, on the CPU (make bench)
    python benchmarks/speed.py --device cuda        on the GPU (make bench-gpu)
    python benchmarks/speed.py --only lwta step     only measures that begin so

Rows go to ``benchmarks/results/<machine>.json``, in place of those of the same name.
"""

import competition_speed
import step_speed
import torch
from jsonargparse import auto_cli
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from side_by_side import Comparison, keep, measure

COMPARISONS: list[Comparison] = [*competition_speed.COMPARISONS, *step_speed.COMPARISONS]


def main(device: str = "cpu", only: list[str] | None = None) -> None:
    """Measure and keep the rows.

    Args:
        device: Where to measure.
        only: Beginnings of the measures wanted; all by default.
    """
    wanted = [one for one in COMPARISONS if only is None or one.measure.startswith(tuple(only))]
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
