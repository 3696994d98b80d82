"""What a study of prototypes leaves: pictures as files (:mod:`portraits`), rows of tables, and what is said of all.

:mod:`schemas` and :mod:`rows` (of a group of targets), :mod:`previous` (where the next epoch starts from),
:mod:`overview` (tables in order, scalars, the mosaic), :mod:`made` (what an insight is given).
"""
