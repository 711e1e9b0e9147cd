"""Requests of one form are decoded and judged once.

A log holds a million requests that differ in their addresses and texts only. The *form* of a request is all else: the keys
of its JSON, the lengths of its lists, which texts are plain addresses, which of these are the same, and which are inside.
What a request comes to follows from its form and from the few texts that are looked at on the way.

Which texts these are is not declared, it is watched: the first request of a form is decoded a second time, as a twin in
which stand-ins take the places of the people, and whose mappings note what is read out of them. A later request of the
same form with the same read texts has the same twin, so the same messages, with other people in them. No service is
decoded here, and none has a second decoder. What is assumed of all of them, and held by ``tests/laws/alike/``: one
plain address is as good as another, and so is one plain name beside an address.

Whatever is not plain (an address that needs the careful reader, a key that is there twice, texts in which addresses may
hide, attachments) is no matter of forms: such a request goes the careful road, as does the first of each form.

Merge data has texts like the rest of a request, but there are thousands of them. With marks in their places it is found out
which belong to one person each, which are names, and which texts they fill; of a later request it is asked of all at once
whether an address may be in them, whether two people share what belongs to one, and whether a tag is left.

Rooms: ``outline`` says what a form is, ``mail_form`` what the form of a message is that was handed over, or that stands in a
request (``unpacking`` puts it in the place of its text), ``records`` what stands in the place of a body that is no JSON, or
that another format holds; ``sides`` is who is the same, and who is of the house. ``look`` is what the neck hands over, ``twin``
builds the stand-in, ``form`` is what is remembered of a form, ``learn`` makes it out of one request, ``recall`` finds it again
for the others. Two ways tell a line without parsing it: ``stencil`` where nobody has to look into its texts, ``template`` where
its texts are the same for many readers.
"""

from __future__ import annotations

from mailguard.alike.look import Look
from mailguard.alike.recall import Alike

__all__ = ["Alike", "Look"]
