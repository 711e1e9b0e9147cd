"""The audit: every place of a repository that can send mail, good or bad, as one table.

What every page of the audit shows is in :class:`~mailguard.audit.table.Audit`: the mail calls with what was established
about them, the recorded requests that belong to the project, what was not read, the files in other languages that name a
mail API, the decisions that let something be. Totals and the statement are made of it, so that no page can say something
else. ``collecting`` makes it of a run; ``text``, ``data`` (JSON and CSV) and ``markdown`` show it, in the words of
``statement`` and ``words``; ``pages`` lists them.

Nothing here comes from the clock: dates are those of commits.
"""
