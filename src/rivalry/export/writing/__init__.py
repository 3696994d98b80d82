"""From a run to a dissected checkpoint.

``source`` finds the network, its pictures and its classes; ``description``, ``layers``, ``records``, ``neurons``,
``scores`` and ``provenance`` say what goes into the folder; ``card`` tells it to people (``data_set``: by which
name); ``write`` puts it there whole, after ``verification`` has loaded it and compared its logits; ``command`` is
``rivalry export``.
"""
