"""Reading dissected checkpoints, also those of strangers, without what training needs.

Read in this order: :mod:`load`, :mod:`guard` (what is asked of a folder), :mod:`layers`, :mod:`checkpoint` (what one
gets), :mod:`pictures`, :mod:`records`, :mod:`hub`, :mod:`onnx` (the network where there is no PyTorch).
"""

from rivalry.export.loading.checkpoint import DissectedCheckpoint as DissectedCheckpoint
from rivalry.export.loading.load import load as load
