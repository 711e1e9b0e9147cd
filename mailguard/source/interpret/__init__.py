"""The interpreter over abstract values.

``machine`` runs the roots of a project: ``values`` and ``state`` are what it changes, ``base`` and ``context`` what every part of it
stands on. ``statements`` (``assignment``, ``managed``; ``passes`` and ``widening`` for loops) and ``expressions`` (``names``,
``narrowing``, ``calls``) are Python; ``functions``, ``loading`` and ``callables`` the code of the project, ``models`` that of mail
libraries. ``repeats`` and ``touched`` spare a call its work. Mail that no mail call sends: ``channels``, ``requested``,
``foreign``, ``unsent``.
"""
