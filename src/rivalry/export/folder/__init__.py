"""What a dissected checkpoint is as a folder: its files, what stands in them, and the sums that seal them.

===================== ==================================================================================================
file                  what it holds
===================== ==================================================================================================
``config.json``       timm's description of the network, and under ``dissection`` what the rest of the folder speaks of
``model.safetensors`` the weights that evaluation sees
``neurons.parquet``   one row for every unit of every dissected layer
``records/``          the last record of every analysis
``provenance.json``   what it was made of, and by what
``README.md``         the model card, with its ``pictures/``
``SHA256SUMS``        the sum of every other file
===================== ==================================================================================================

The format is plain data: nothing here knows PyTorch. It is told in docs/dissected_checkpoints.md.
"""

from rivalry.export.folder.configuration import Configuration
from rivalry.export.folder.dissection import DissectedLayer, Dissection, StoredRecord
from rivalry.export.folder.images import Images
from rivalry.export.folder.provenance import Provenance

__all__ = ["Configuration", "DissectedLayer", "Dissection", "Images", "Provenance", "StoredRecord"]
