"""The interpreter over abstract values.

``machine`` runs the roots of a project: ``values`` and ``state`` are what it changes, ``base`` and ``context`` what every part of it
stands on. ``statements`` (``assignment``, ``managed``; ``passes`` and ``widening`` for loops) and ``expressions`` (``names``,
``narrowing``, ``attributes``, ``calls`` with ``arguments``) are Python; ``functions``, ``loading`` and ``callables`` the code of
the project, ``models`` that of mail libraries (``freezing`` on the way to them and back, ``sending`` what they send). ``repeats``
and ``touched`` spare a call its work. Calls of what is not known: ``handing`` and ``guessing``. Mail that no mail call sends:
``channels``, ``requested``, ``foreign``, ``unsent``.
"""
