"""Rules: what must not happen, read from YAML, and the judge that compares messages with them.

A rule says *what* is measured on a message (``rules.Measure``), how much of it is allowed, and in which words a
broken one is told. It holds no code. ``judging.judge`` compares one :class:`~mailguard.model.message.Message` with all
rules of a ``policies.Policy``; for each cause one rule speaks, the most specific one that is broken. ``measures`` is
what it counts with, ``growth`` looks at neighbouring messages of a capture.

Rule files of a project are a stranger's text: they are read event by event, so that no tag, alias or constructor of
YAML is ever honoured (``rule_yaml``), with bounds on size, depth and number, and every mistake is one line that says
where, what, and what to do (``checks``, ``rules.RulesError``). ``loading`` finds the files, ``reading`` makes rules of
them and ``examples`` the samples in them.
"""
