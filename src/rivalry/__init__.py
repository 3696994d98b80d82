"""Rivalry: vision networks whose units compete, and the concepts that emerge in them.

The networks are timm's, with stochastic local winner-takes-all (LWTA) layers (Panousis & Chatzis 2023). Importing the
package registers them with timm, so that ``timm.create_model("lwta", base="resnet18", competitors=8)`` and
``timm.create_model("local-dir:PATH", pretrained=True)`` work.
"""

import sys
from pathlib import Path

__version__ = "0.1.0"

__all__ = ["__version__"]

# The command line must answer `--help` at once, and imports what a command needs when it runs it; everybody else gets
# the registration (and the seconds that importing torch and timm take) here.
if Path(sys.argv[0]).stem != "rivalry":
    import rivalry.lwta.networks  # noqa: F401
