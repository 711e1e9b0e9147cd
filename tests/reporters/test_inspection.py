"""What ``inspect`` shows of requests: who is in which message."""

from __future__ import annotations

import json
from dataclasses import replace

from report_samples import OPTIONS

from mailguard.inspection import inspected, render_json, render_text
from mailguard.model.count import exactly
from mailguard.model.message import CannotTell, Field, Mention, Message, Reason, Recipient, Undecided
from mailguard.model.place import Place

INSIDE = replace(OPTIONS, is_inside=lambda person: (person.address or "").endswith("@inside.example"))
PLACE = Place("captures/x.har", 12, pointer="log.entries[3]")
MESSAGE = Message(
    to=(Recipient("ada@example.com"), Recipient("bob@inside.example")),
    cc=(Recipient("ADA@example.com"),),
    reply_to=(Recipient(None),),
)


def seen(decoded):
    return inspected(PLACE, "sendgrid", decoded, "v3/mail/send")


def test_text():
    assert render_text([seen((MESSAGE,)), seen(())], INSIDE) == (
        "captures/x.har:12#log.entries[3]  sendgrid, v3/mail/send\n"
        "  Message 1\n"
        "    To             r1 outside, r2 inside\n"
        "    Cc             r1 outside\n"
        "    Reply-To       r3 outside\n"
        "\n"
        "captures/x.har:12#log.entries[3]  sendgrid, v3/mail/send\n"
        "  This request sends no mail.\n"
        "\n"
        "2 requests: 2 decoded.\n"
    )


def test_text_of_what_is_not_clear():
    undecided = Undecided(Reason.ACCOUNT_OPTION, (MESSAGE,), (replace(MESSAGE, cc=(), reply_to=(), copies=exactly(2)),))
    text = render_text([seen(undecided), seen(CannotTell(Reason.BODY_CUT, "after 3 bytes"))], INSIDE)
    assert "  Undecided        an option of the account at the provider decides\n" in text
    assert "  Or, if it is otherwise:\n  Message 1, 2 like this\n" in text
    assert "  Cannot tell      the body ends before its end: after 3 bytes\n" in text
    assert text.endswith("2 requests: 0 decoded, 1 undecided, 1 cannot tell.\n")


def test_many_people_are_counted():
    many = Message(to=tuple(Recipient(f"p{number}@example.com") for number in range(1000)), hidden=exactly(3))
    text = render_text([seen((many,))], INSIDE)
    assert "    To             r1 to r1000, 1,000 people: 1,000 outside\n" in text
    assert "    Not named      3 more people\n" in text


def test_json():
    (data,) = json.loads(render_json([seen((MESSAGE,))], INSIDE))
    assert data == {
        "place": "captures/x.har:12#log.entries[3]",
        "provider": "sendgrid",
        "operation": "v3/mail/send",
        "verdict": "decoded",
        "reason": "",
        "limits": "",
        "messages": [
            {
                "to": ["r1", "r2"],
                "cc": ["r1"],
                "bcc": [],
                "transmitted_bcc": [],
                "reply_to": ["r3"],
                "sides": {"r1": "outside", "r2": "inside", "r3": "outside"},
            }
        ],
        "alternative": [],
    }


def test_json_with_reveal():
    message = replace(MESSAGE, mentions=(Mention(Field.SUBJECT, Recipient("carl@example.net")),))
    undecided = Undecided(Reason.RAW_BCC, (message,), (replace(message, reply_to=()),))
    (data,) = json.loads(render_json([seen(undecided)], replace(INSIDE, reveal=True)))
    assert data["verdict"] == "undecided"
    assert data["reason"] == "whether the service removes the Bcc line is not documented"
    assert data["messages"][0]["to"] == ["ada@example.com", "bob@inside.example"]
    assert data["messages"][0]["reply_to"] == ["r3"]
    assert data["messages"][0]["mentions"] == [{"field": "the subject", "person": "carl@example.net"}]
    assert data["alternative"][0]["to"] == data["messages"][0]["to"]
    assert json.loads(render_json([seen(CannotTell(Reason.MASKED))], INSIDE))[0]["verdict"] == "cannot-tell"
