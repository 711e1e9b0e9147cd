"""The shared language of mailguard. Imports nothing of ours and no third party.

What is recorded or written: ``exchange``, made of ``value`` and found at a ``place``. What that means: ``message``, with ``links``,
and ``count`` for how many. What is said of it: ``finding``. What lies on the shelves: ``provider``, ``capture``, ``reporter``,
``fix``.
"""
