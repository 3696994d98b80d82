"""Dissected checkpoints: write a run as a folder, load such a folder anywhere, explain images with it, compare two.

``folder`` is the format, ``writing`` makes it from a run, ``loading`` reads it and trusts nobody, ``explaining`` and
``comparing`` are what it is for. Only ``writing`` knows how networks are trained.
"""
