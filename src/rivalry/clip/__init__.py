"""Where images and words meet: CLIP's towers, and the features of images and words that are computed once.

Whatever has an image can be named: the units and directions of a layer, concepts, prototypes.
"""
