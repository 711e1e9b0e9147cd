"""How code is changed: what all repairs need, below their shelf.

With :mod:`mailguard.source` and the repairs themselves the only importer of libcst. What is looked for is matched exactly, or
left alone; comments and formatting stay, and whatever a change does not concern is the same byte for byte.
"""
