"""The one door through which anything about a person reaches an output.

Three things are kept apart here.

*People* are printed as ``r1``, ``r2``, ... in order of appearance, with the side
they are on (:class:`Roster`). *Foreign words* (file names, symbols, code, hosts,
reasons) lose every address in them, also an encoded one, and get the escapes of
the output they go to (:func:`foreign`, :func:`code_line`, :func:`safe_text`).
*A belt* (:func:`no_address`) goes once more over everything that a reporter is
about to hand out.

Being wrong in the other direction is cheap: a word too many reads ``<address>``.

``spotting`` finds addresses, ``words`` and ``lines`` take them out of foreign words and of code, ``escapes`` are those of an
output, ``people`` counts in order of appearance.
"""

from mailguard.redact.escapes import Output, safe_text
from mailguard.redact.lines import code_frame, code_line
from mailguard.redact.people import Roster, count_words, number
from mailguard.redact.spotting import holds_address
from mailguard.redact.words import ADDRESS, Json, Revealed, foreign, no_address, pointer, scrub

__all__ = [
    "ADDRESS",
    "Json",
    "Output",
    "Revealed",
    "Roster",
    "code_frame",
    "code_line",
    "count_words",
    "foreign",
    "holds_address",
    "no_address",
    "number",
    "pointer",
    "safe_text",
    "scrub",
]
