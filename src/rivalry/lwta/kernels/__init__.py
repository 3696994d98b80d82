"""The competition in one pass forward and one backward, with the memory traffic of a ReLU.

Read in this order: ``reference`` (what is computed), ``noise`` (random numbers that are never stored), ``operator``
(one operator of PyTorch, which picks the kernel), ``cpu`` with ``competition.cpp``, ``tiles.h`` and ``numbers.h``, and
``triton`` with ``triton_rules`` (CUDA).
"""
