"""What the encoder sees: pictures parted by clusters of their activations (NAVE).

After Boubekki, Fadel & Mair, NAVE (arXiv:2411.19700), by its first author's evaluation code. Read in the order of the
method: ``layers`` (which depths, and their features on one grid; the stacking is :mod:`rivalry.recording.depths`),
``partition`` (K and the clusters of each picture), ``joint`` (of all pictures together), ``names`` (colours that stay),
``segments`` and ``boxes`` (the truth of masks), ``score``, ``floors`` (what needs no training), ``overlay`` (pictures),
``tables``, and ``activation_clusters``, which puts them together.
"""

from rivalry.clusters.activation_clusters import ActivationClusters

__all__ = ["ActivationClusters"]
