"""What is asked of a folder that somebody sent, before anything in it is used; every refusal is one line.

In the order in which it is asked: ``tree`` (files alone, of known kinds, none that leads elsewhere), ``documents``
(JSON of a bounded size), the sums of the format itself (nothing missing, nothing more, nothing changed), ``tensors``
(claims of the weight file), ``network`` (what ``config.json`` may ask timm for), ``tables`` (parquet of a bounded
size).

The sums tell damage and what was changed after the export. They do not tell who has exported: whoever changes a file
can write new sums. So whatever is used is bounded and of plain kinds even where the sums are right.
"""
