"""Registers: patch tokens of large norm, what they hold, who looks at them, and what happens without them.

Darcet et al., "Vision Transformers Need Registers" (ICLR 2024); Jiang et al., "Vision Transformers Don't Need Trained
Registers" (NeurIPS 2025). Read in this order: :mod:`blocks` (what is heard), :mod:`outliers` (the rule),
:mod:`concentration`, :mod:`groups` and :mod:`attention` (who looks at whom), :mod:`linear_probes` (what tokens hold),
:mod:`reliance` (what is lost without it), :mod:`artefact_clusters`, :mod:`test_time` (registers without training),
:mod:`verdict`; then what gathers it: :mod:`draws`, :mod:`reservoir`, :mod:`walk`, :mod:`sample`, :mod:`rows`,
:mod:`maps`, :mod:`probe`.
"""

from rivalry.artefacts.registers.probe import RegisterProbe
from rivalry.artefacts.registers.register_units import RegisterUnit, find_register_units, units_by_layer
from rivalry.artefacts.registers.test_time import with_test_time_registers

__all__ = ["RegisterProbe", "RegisterUnit", "find_register_units", "units_by_layer", "with_test_time_registers"]
