"""What a URL comes to."""

from __future__ import annotations

from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailguard.model.exchange import Form
from mailguard.model.value import ABSENT, Either, Known, Text
from mailguard.wire.urls import url_parts

from .support import USER, few, words


class TestUrls:
    @pytest.mark.parametrize(
        ("url", "host", "path"),
        [
            ("https://api.sendgrid.com/v3/mail/send", "api.sendgrid.com", "/v3/mail/send"),
            ("HTTPS://API.SendGrid.com.:443//v3/mail/send/?x=1#f", "api.sendgrid.com", "/v3/mail/send"),
            ("https://api:key-x@api.mailgun.net/v3/a%40b/messages", "api.mailgun.net", "/v3/a@b/messages"),
            ("https://api:<KEY/1>@api.mailgun.net/v3", "api.mailgun.net", "/v3"),
            ("https://[FILTERED]/v3", "[filtered]", "/v3"),
            ('https://"api.mailgun.net"/v3', "api.mailgun.net", "/v3"),
            ("http://[::1]:8080/x", "::1", "/x"),
            ("//api.example.com/x", "api.example.com", "/x"),
            ("api.example.com/x", "api.example.com", "/x"),
            ("localhost:80", "localhost", ""),
            ("/v3/mail/send", "", "/v3/mail/send"),
            ("https://api.example.com?to=a", "api.example.com", ""),
            ("smtp://smtp.example.com:587", "smtp.example.com", ""),
            (" https://api.example.com/a b\n", "api.example.com", "/ab"),
        ],
    )
    def test_host_and_path(self, url: str, host: str, path: str) -> None:
        found = url_parts(url)
        assert found is not None
        assert (found.host, found.path) == (host, path)
        assert url_parts(Known(url)) == found
        assert url_parts(Text((url,))) == found

    def test_the_query_is_a_form(self) -> None:
        found = url_parts(Text(("https://api.example.com/x?to=a%40example.com&cc=", USER)))
        assert found is not None
        assert found.query == Form((("to", "a@example.com"), ("cc", USER)))

    def test_holes(self) -> None:
        def parts(*pieces: object) -> tuple[str, str] | None:
            found = url_parts(Text(pieces))  # type: ignore[arg-type]
            return None if found is None else (found.host, found.path)

        assert parts("https://api.mailgun.net/v3/", USER, "/messages") == ("api.mailgun.net", "/v3/*/messages")
        assert parts("https://api.mailgun.net", USER) == ("api.mailgun.net", "*")
        assert parts("https://", USER, "/v3/mail/send") == ("*", "/v3/mail/send")
        assert parts(USER, "/v3/mail/send") == ("*", "/v3/mail/send")
        assert parts("https://email.", USER, ".amazonaws.com/") == ("email.*.amazonaws.com", "/")
        assert parts("https://api.mailgun.net:", USER, "/v3") == ("api.mailgun.net", "/v3")
        assert parts("https://api:", USER, "@api.mailgun.net/v3") == ("api.mailgun.net", "/v3")
        assert parts(USER) is None
        assert parts(Either(("http://localhost:1", "https://api.example.com")), "/x") == ("api.example.com", "/x")

    def test_nothing_known(self) -> None:
        for value in (None, ABSENT, USER, "", 5, {}, b"", Either((USER, ABSENT))):
            assert url_parts(value) is None  # type: ignore[arg-type]

    @few
    @given(
        st.text(max_size=80)
        | st.lists(st.sampled_from([*list(":/@?#[]<>{}%*.ab"), " ", "https://"]), max_size=30).map("".join)
    )
    def test_nothing_makes_it_raise(self, url: str) -> None:
        url_parts(url)
        url_parts("https://" + url)

    @few
    @given(st.from_regex(r"[a-z]{1,9}(\.[a-z]{2,5}){1,3}", fullmatch=True), st.lists(words, max_size=4))
    def test_what_was_quoted_comes_out(self, host: str, segments: list[str]) -> None:
        found = url_parts(
            f"https://{host}/" + "/".join(quote_plus(part) for part in segments if "+" not in part and "/" not in part)
        )
        assert found is not None
        assert found.host == host
        assert found.path == "/" + "/".join(part for part in segments if "+" not in part and "/" not in part)
