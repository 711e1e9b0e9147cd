"""A template: a line of a log that is the same for many readers but for what belongs to each of them.

A newsletter goes out a million times with another address, name and token in it. Some lines that came to the same are laid
side by side; what differs is a hole, what is the same stands in the template as it is written. A line fits if it is the
template with something in the holes that may stand there: a plain address, a plain name, words in which nothing can hide,
the token of a link. What stands in several holes of each of the lines has to stand in all of them; so most of a line is
compared with what was put together from the first holes.

What a line that fits says about people and links is not worked out here: texts with stand-ins in the holes are given to the
functions that look into texts (:func:`cut` takes them), twice, with others in them; only where both say the same is there
a template.

Rooms: ``line`` is a template that is made and the lines it is made of; ``holes`` is what may stand in one. ``texts`` lays texts
side by side, ``said`` finds what they say whatever stands in their holes, ``cutting`` takes whole lines apart, and ``writing``
makes the expression.
"""

from __future__ import annotations

from mailguard.alike.template.cutting import cut
from mailguard.alike.template.line import Sample, Template

__all__ = ["Sample", "Template", "cut"]
