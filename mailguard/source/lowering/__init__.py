"""From the tree of a parser to :mod:`mailguard.source.tree`.

``from_ast`` takes that of the running Python, ten times faster than libcst; whatever it is not sure to have exactly as
``from_libcst`` would have it, goes there. A test compares the two on many files, node by node and position by position.
``scopes`` notes what the functions mention, for both; ``newer_syntax`` makes text of a newer Python readable for this one.
"""
