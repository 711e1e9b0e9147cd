"""JSON and YAML, read without trust: bounded, tolerant of what recorders write, with the position of each part.

Nothing here raises on bad input: what cannot be read is a :class:`~mailguard.model.message.CannotTell`. JSON is RFC 8259
(``json_values``, and ``json_files`` for the elements of a file, which may be larger than the memory); YAML is 1.1, as
cassettes and rules are written in it (``yaml_values``). No tag of YAML ever builds an object. ``byte_text`` makes text of
bytes, ``zstd`` undoes the compression of that name.
"""
