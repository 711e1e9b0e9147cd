"""What Python's own types, its standard library and the ORMs do to values.

Only what matters for the question "how many people": which operations keep a
list whole, which take one thing off it, which make several out of one text.

Where values come from: ``sources``, ``provenance``, ``literals``, ``outside``. What they are: ``texts``, ``containers``
(``container_methods``, ``slices``, ``queues``, ``frames``), ``classes``, ``attributes``. What is done to them: ``operators``,
``builtin_functions``, ``standard_modules``.
"""
