"""Fake addresses in place of real ones, in whatever a capture holds, the same one for the same person everywhere.

What is not an address, a name beside one, or a secret stays byte for byte as it is: the layout of the file, its
encodings, its mistakes. Texts inside texts are opened, changed and closed again in the same notation: JSON strings,
YAML scalars, MIME parts and encoded words, base64 and gzip, percent-encoded fields, typed netstrings.

Equal stays equal and different stays different: addresses by :func:`~mailguard.addresses.compare.compare_key`, domains by their
name. Domains that are inside keep their name, since the settings name them; the people there do not.

``identities`` says who is who, ``texts`` finds people in texts of any notation, ``files`` in whole captures;
``patterns`` is what they look for, ``notations`` and ``trees`` write again what they opened.
"""
