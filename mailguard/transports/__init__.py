"""What several providers need, below their shelf: plain HTTP, MIME, AWS clients.

Below APIs: ``http``, ``aws`` (clients, as they are called), ``json_api``, ``contacts``, ``services``, ``split`` (bodies, as services
read them). Below mail: ``mime``, ``letters``, ``django_mail``, ``relays``, ``commands`` and ``pipes`` (mail programs), ``encodings``
and ``templates`` (sources on their way). Besides the address lines: ``content``, ``tags``, ``files``.
"""
