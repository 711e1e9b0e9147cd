"""What readers find besides To and Cc: other people's addresses in texts, attachments, calendars, headers, merge data.

Works on what a capture holds, after a provider has said which messages a request makes. A service's fields are known by
their names, which the services share (``subject``, ``HtmlBody``, ``attachments``, ``substitutions``); a part of a request that
names people of its own (a personalization, an entry of a batch) belongs to these, what stands beside them to everybody.

An address counts only if it is that of somebody else who was written to: in the same request, or earlier in the same capture.
So a support address in a footer is nothing. The ATTENDEE lines of a calendar part (RFC 5545, section 3.8.4.1) are a
list of people by themselves; there everybody but the reader, the sender and the organizer counts.

Every text is looked at once, up to ``TEXT_LIMIT`` characters, in time linear in its length.

``texts`` finds addresses in one text, ``worth`` tells which requests need not be looked into, ``fields`` names the fields of services, ``pieces`` takes a request apart by them
(``merge_data`` and ``attachments`` what is in those), ``blanks`` and ``sharing`` find what merge data leaves open or gives to
the wrong person, ``hearing`` says what need not be looked at again, ``senders`` whose
own addresses are no news, and ``contents`` puts it together over a capture.
"""
