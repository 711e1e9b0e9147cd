"""Which functions of a file are worth running."""

from __future__ import annotations

import pytest

from mailguard.providers import smtp
from mailguard.source import tree as t
from mailguard.source.project import Project, SourceFile
from mailguard.source.seeds import names_mail, sinks_of

HOT = {"request", "send_mail"}


def _function(text: str) -> t.Func:
    module = Project([SourceFile("a.py", text.encode)]).modules["a.py"]
    (node,) = (node for node in module.body if isinstance(node, t.Func))
    return node


@pytest.mark.parametrize(
    "body",
    [
        "session.request('POST', url, json=data)",
        "request(url)",
        "retry(session.request, url)",
        "if data:\n        return [client.request(each) for each in data]",
        "send_mail(request)",
        "later(send_mail)",
    ],
)
def test_what_makes_requests_or_names_a_mail_call_is_worth_running(body: str) -> None:
    assert names_mail(_function(f"def f(session, client, url, data):\n    {body}\n"), HOT)


@pytest.mark.parametrize("body", ["return render(request)", "return request.user", "return show(self.request)"])
def test_a_view_is_not_worth_running_for_the_request_that_it_gets(body: str) -> None:
    assert not names_mail(_function(f"def f(self, request):\n    {body}\n"), HOT)


@pytest.mark.parametrize(
    ("text", "hot"),
    [
        ("import logging\nlogger = logging.getLogger()\n", False),
        ("import logging\nimport logging.handlers\nhandler = logging.handlers.SMTPHandler('h', 'f', 't', 's')\n", True),
    ],
)
def test_logging_counts_where_the_handler_that_mails_is_named(text: str, hot: bool) -> None:
    sinks = sinks_of([smtp.PROVIDER.library])
    names = sinks.hot(Project([SourceFile("a.py", text.encode)]).modules["a.py"])
    assert ("logging" in names) is hot
