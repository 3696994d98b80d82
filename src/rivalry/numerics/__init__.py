"""Tensors in, tensors out: what several subjects compute alike. The lowest floor; it imports nothing of the package."""
