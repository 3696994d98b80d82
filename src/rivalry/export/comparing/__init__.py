"""What sets two dissected networks apart: labels, concepts, accuracy, sparsity, bases.

``labels`` and ``concepts`` compare units, ``numbers`` what was measured; ``reading`` finds out what a folder knows.
"""

from rivalry.export.comparing.comparison import Comparison, compare
from rivalry.export.comparing.picture import picture
from rivalry.export.comparing.reading import read_side
from rivalry.export.comparing.sides import Side

__all__ = ["Comparison", "Side", "compare", "picture", "read_side"]
