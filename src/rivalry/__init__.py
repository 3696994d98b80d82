"""Rivalry: vision networks whose units compete, and the concepts that emerge in them.

The networks are timm's, with stochastic local winner-takes-all (LWTA) layers (Panousis & Chatzis 2023). Importing the
package is to register its networks with timm, so that ``timm.create_model("local-dir:PATH", pretrained=True)`` works.
"""

# timm has no plug-in hook: its registry knows the networks once ``rivalry.lwta.networks`` has been imported. That costs
# the import of torch and timm (seconds), and ``rivalry --help`` must answer at once.

__version__ = "0.1.0"

__all__ = ["__version__"]
