"""The source machine: Python text to dispatches.

A file becomes ``facts``: its ``tree``, by ``lowering`` that of a parser, and its ``comments``; a ``project`` is all of them by name
(``reexports``, ``methods``, ``handed``, ``shared`` and ``web_helpers`` know what goes by other names). ``scan`` is the way from
files to mail calls: ``seeds`` and ``slice`` (with ``uses``) choose what is worth running, ``roots`` run it in the interpreter (``interpret``) with ``library``,
``asking``, ``callers`` and ``climbing`` go up to who decides, and ``crew`` shares the work between processes.
"""
