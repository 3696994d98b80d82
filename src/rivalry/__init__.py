"""Rivalry: vision networks whose units compete, and the concepts that emerge in them.

The networks are timm's, with stochastic local winner-takes-all (LWTA) layers (Panousis & Chatzis 2023). Importing the
package registers them with timm, so that ``timm.create_model("lwta", base="resnet18", competitors=8)`` and
``timm.create_model("local-dir:PATH", pretrained=True)`` work. ``rivalry.load(PATH)`` gives all that a dissected
checkpoint holds.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rivalry.export.loading import DissectedCheckpoint

__version__ = "0.1.0"

__all__ = ["__version__", "load"]


def load(where: str | Path) -> DissectedCheckpoint:
    """Load a dissected checkpoint, also one that a stranger has sent (:func:`rivalry.export.loading.load.load`).

    Args:
        where: Its folder, as ``rivalry export`` writes it; or ``hf-hub:USER/NAME``, perhaps with ``@REVISION``.

    Raises:
        ValueError: If there is no such folder, or anything in it is not as it should be; in one line.
    """
    from rivalry.export.loading import load as load_checkpoint

    return load_checkpoint(where)


# The command line must answer `--help` at once, and imports what a command needs when it runs it; everybody else gets
# the registration (and the seconds that importing torch and timm take) here.
if Path(sys.argv[0]).stem != "rivalry":
    import rivalry.lwta.networks  # noqa: F401
