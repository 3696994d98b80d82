"""Weights & Biases: online where the user has logged in, else offline. Only this package imports it.

Nothing leaves the machine unasked, and nothing is told twice. Modules are imported one by one: whether there is a login
is known without the library.

- :mod:`login`: whether the user has logged in.
- :mod:`ledger`: what a run has told already, whichever process of it has.
- :mod:`run_logger`: the logger of a run, its id and its axes.
- :mod:`record_event`: a record as one event: scalars, a table, a picture, interactive figures.
- :mod:`checkpoint`: a dissected checkpoint as an artifact.
- :mod:`workspace`: a workspace of sections and panels, saved at W&B or written as JSON.
"""
