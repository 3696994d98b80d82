"""Which units of a layer, or directions of a basis, detect a concept? Dissection by masks, without pictures or records.

Bau et al., "Network Dissection: Quantifying Interpretability of Deep Visual Representations" (CVPR 2017) and Bau et
al., "Understanding the role of individual units in a deep neural network" (PNAS 2020). In the order of the method:

1. :mod:`edges`: levels of every unit, from a sample of its activations; a threshold is one of them.
2. :mod:`bilinear`: maps in the size of the masks.
3. :mod:`tallies`: pixels of each concept by the levels of each unit, as :mod:`histogram` counts them.
4. :mod:`scores`: thresholds and IoU. Of units that compete, :mod:`wins` takes the wins instead of a threshold.
5. :mod:`selectivity`: AUROC and average precision, without a threshold.
6. :mod:`trap`: which concepts no unit can detect at a threshold, whatever it does.
"""

from rivalry.basis.detectors.counts import Counts
from rivalry.basis.detectors.edges import EdgeSample
from rivalry.basis.detectors.scores import DETECTOR
from rivalry.basis.detectors.tallies import Tallies
from rivalry.basis.detectors.wins import WinCounts, WinTallies

__all__ = ["DETECTOR", "Counts", "EdgeSample", "Tallies", "WinCounts", "WinTallies"]
