"""What a study of classes leaves: its rows of tables, class by class, and what is known when all of them are.

Of a class: :mod:`crops` (where a concept shows), :mod:`speech` and :mod:`naming` (what CLIP calls it), :mod:`alignment`
(whose concept it is), :mod:`schemas` and :mod:`tables` (the rows), :mod:`class_record` (all of these). Of all classes:
:mod:`overview`. What is kept until the study is whole, and put together from all ranks, is
:mod:`rivalry.recording`'s.
"""
