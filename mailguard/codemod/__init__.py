"""How code is changed: what all repairs need, below their shelf.

With :mod:`mailguard.source` and the repairs themselves the only importer of libcst. What is looked for is matched exactly, or
left alone; comments and formatting stay, and whatever a change does not concern is the same byte for byte.

From the bottom up: ``tree`` (nodes as they are), ``expressions`` (what one is worth), ``scene`` (a parsed file in which something
is looked for), ``runs`` (how often a statement runs), ``rounds`` and ``sending`` (the loop for each person, and the mail call in
it), ``headers`` (what writes a header line).
"""
