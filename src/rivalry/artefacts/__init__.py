"""Artefacts: what a network sees that is not in the picture, or should not be.

:mod:`registers`: patch tokens that a vision transformer uses as memory (Darcet et al., ICLR 2024).
:mod:`watermark`: a mark that a network has learnt in place of the object.
"""

from rivalry.artefacts.registers import (
    RegisterProbe,
    RegisterUnit,
    find_register_units,
    units_by_layer,
    with_test_time_registers,
)
from rivalry.artefacts.watermark import WatermarkProbe

__all__ = [
    "RegisterProbe",
    "RegisterUnit",
    "WatermarkProbe",
    "find_register_units",
    "units_by_layer",
    "with_test_time_registers",
]
