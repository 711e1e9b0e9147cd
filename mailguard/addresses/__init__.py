"""Text to recipients, and nobody lost on the way.

The reader here is written for headers as they are found, not as they should be
(RFC 5322, section 3.4, with the obsolete forms of section 4.4): whatever stands
between two separators is a person, also when no parser would accept it. It runs
in time linear in the text and does not recurse with its nesting.

Three checks stand behind the rule that text which nobody understands never
lowers a count: a lower bound that is counted in another way, a second reading
where a delimiter is never closed, and, for odd members only, flanker. The larger
number counts; who is missing is added as a person without an address.

From the text up: ``words`` (characters, encoded words), ``checks`` (the other
counts), ``reader`` (one text to its members), ``compare`` (who is the same, whose
domain it is), ``people`` and ``plain`` (a text in which all is known),
``canvas`` and ``branches`` (texts with holes, one of several), ``values``
(:func:`~mailguard.addresses.values.recipients`, which takes any value), ``pairs``
(``{email, name}``), ``masks`` (fields that a recorder filled with a word of
its own), ``inside`` (domains that a configuration may name).

This package is the one door to flanker, email-validator and publicsuffixlist.
None of them is imported before it is needed.
"""
