"""What a class is made of to a network: concepts, what each counts for, and the strategies behind its predictions.

Fel, Boutin, Béthune, Cadène, Moayeri, Andéol, Chalvidal & Serre, "A Holistic Approach to Unifying Automatic Concept
Extraction and Concept Importance Estimation" (NeurIPS 2023), and the pages of its site Lens.
"""
