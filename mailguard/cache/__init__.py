"""What a run came to, remembered: the same question about the same tree gets the same answer without looking again.

A cache costs time where it is missing, foreign, broken or read-only, and never a finding: an entry counts only if this user
wrote it (a keyed digest of all of it), if mailguard, its rules and the Python that it runs on are the same, and if nothing
that the run depended on has changed. It lies outside of every tree. An entry holds digests, names of functions, paths and the
report as it was printed, which names nobody; where a report reveals addresses, or a path could be one, there is no entry.

A file that the run never parsed can be edited without a new look if neither the old nor the new text names what the run
searched for: the tokens of the mail libraries, and the functions on the way to a mail call.

What answers is loaded before anything else and imports next to nothing, so that a hook is answered in milliseconds.

The rooms: entries and their key (``store``), what a tree is (``tree``, ``index``), a question answered (``answering``), a run
written down (``keeping``).
"""
