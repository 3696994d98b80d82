"""The tiny CLIP of :mod:`tests.clip.conftest`, and a cache of its own for every test."""

from tests.clip.conftest import clip, clip_folder, own_cache

__all__ = ["clip", "clip_folder", "own_cache"]
