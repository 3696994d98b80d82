"""What a class is made of to a network: concepts, what each counts for, and the strategies behind its predictions.

Fel, Boutin, Béthune, Cadène, Moayeri, Andéol, Chalvidal & Serre, "A Holistic Approach to Unifying Automatic Concept
Extraction and Concept Importance Estimation" (NeurIPS 2023), and the pages of its site Lens.

Read in this order, which is that of the paper: :mod:`extraction` (concepts), :mod:`judgement` (how good they are),
:mod:`answer` (the logit as a function of concepts; asked in :mod:`batches`), :mod:`importance`, :mod:`orders` (of
concepts, to add or take them), :mod:`faithfulness`, :mod:`shares` (what counts), :mod:`strategies`. Then how a class is
studied: :mod:`predictions`, :mod:`plan`, :mod:`weighing`, :mod:`one_class`; what is written of it: :mod:`record`; and
the whole: :mod:`concept_extraction`.
"""

from rivalry.concepts.concept_extraction import ConceptExtraction

__all__ = ["ConceptExtraction"]
