"""The words and the layout of the report for people, as the specification has them, byte for byte."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from report_samples import (
    CAPTURES,
    CODE,
    LEAK,
    OPTIONS,
    PLACE,
    RECORDED,
    REPORT,
    SEND,
    UNREAD,
    UNTOLD,
    WAY,
)

from mailguard.model.finding import Certainty, Finding, Ledger, Report, Severity, SkipReason, Way
from mailguard.model.place import Place
from mailguard.model.reporter import Options
from mailguard.model.value import Step, StepKind
from mailguard.reporters.concise import REPORTER as CONCISE
from mailguard.reporters.text import REPORTER as TEXT
from mailguard.terminal import finding_lines, skip_lines
from mailguard.ways import shortened

ANSI = re.compile(r"\x1b\[\d*m")

FINDING = """\
news/mailer.py:21:28  Everyone on this list can see everyone else on it
                      shared-personalization, likely (the list is read from the database)

   19 | def deliver(recipients, subject, html):
   20 |     return client.send(Mail(
   21 |         from_email=SENDER, to_emails=recipients,
      |                            ^^^^^^^^^^^^^^^^^^^^ one message with everybody in To
   22 |         subject=subject, html_content=html))

  The list
    news/views.py:44    Subscriber.objects.filter(active=True)     read from the database
    news/views.py:47    deliver([s.email for s in subscribers])    passed on whole
    news/mailer.py:21   to_emails=recipients                       shown to every reader
  Change     add is_multiple=True: one message each, still one request per 1,000 people
             mailguard fix news/mailer.py:21
  Intended?  mailguard allow news/mailer.py:21 --reason "why they may see each other"
  More       mailguard explain shared-personalization
"""

UNREADABLE = """\
captures/november.jsonl:3107  Cannot tell who sees whom in this request
                              sendgrid, POST api.sendgrid.com/v3/mail/send

  Why        the header says gzip, the body is not gzip
  Change     record it again: mailguard record -- COMMAND
             or correct the header in the capture, if you know that it is wrong
"""


def text(report, **options):
    return TEXT.render(report, replace(OPTIONS, **options))


def test_a_finding_is_the_one_of_the_specification():
    assert "\n".join(finding_lines(LEAK, OPTIONS)) + "\n" == FINDING


def test_the_report_is_findings_a_blank_line_the_ledger_and_one_next_step():
    assert text(REPORT) == (
        FINDING
        + "\n41 mail calls: 36 keep readers apart, 4 do not (1 new), 1 undecided. 214 files, all read.\n"
        + "Is this old code? Set today's state aside and stop new problems: mailguard baseline\n"
    )


def test_in_the_hook_what_is_known_does_not_block():
    known = [replace(LEAK, new=False, place=replace(PLACE, line=line)) for line in (3, 4, 5)]
    report = replace(REPORT, findings=(LEAK, *known))
    assert text(report, compared="in this commit", baseline=True) == (
        FINDING
        + "\n1 new in this commit. 3 known ones do not block.\n"
        + "41 mail calls: 36 keep readers apart, 4 do not (1 new), 1 undecided. 214 files, all read.\n"
    )


def test_concise_is_one_line():
    assert CONCISE.render(REPORT, OPTIONS).splitlines()[0] == (
        "news/mailer.py:21:28: likely shared-personalization: "
        "Everyone on this list can see everyone else on it (list: news/views.py:44)"
    )


def test_colour_is_where_the_specification_has_it():
    bold, dim, yellow, end = "\x1b[1m", "\x1b[2m", "\x1b[33m", "\x1b[0m"
    lines = finding_lines(LEAK, replace(OPTIONS, colour=True))
    assert lines[0] == f"{bold}news/mailer.py:21:28  Everyone on this list can see everyone else on it{end}"
    assert lines[1] == (
        f"                      {dim}shared-personalization,{end} {yellow}likely{end} "
        f"{dim}(the list is read from the database){end}"
    )
    assert lines[5] == f"{dim}   21 |{end}         from_email=SENDER, to_emails=recipients,"
    assert (
        lines[6]
        == f"{dim}      |{end}                            {yellow}{'^' * 20}{end} one message with everybody in To"
    )
    commands = [line for line in lines if "mailguard " in line]
    assert commands
    assert not any(ANSI.search(line) for line in commands)


@pytest.mark.parametrize("report", [REPORT, CAPTURES])
def test_colour_adds_nothing_that_the_words_do_not_say(report):
    assert ANSI.sub("", text(report, colour=True)) == text(report)


def test_a_request_that_cannot_be_told_is_the_one_of_the_specification():
    assert "\n".join(skip_lines(UNTOLD, OPTIONS)) + "\n" == UNREADABLE
    report = Report(skips=(UNTOLD,), ledger=Ledger(requests=4112, request_keeps_apart=4111, cannot_tell=1, captures=1))
    assert text(report) == (
        UNREADABLE
        + "\n4,112 requests: 4,111 keep readers apart, 0 do not, 1 cannot tell.\n"
        + "One request could not be read, so this is not a pass.\n"
    )


def test_a_clean_project():
    ledger = Ledger(calls=12, keeps_apart=11, undecided=1, files=214, files_read=214)
    assert text(Report(ledger=ledger)) == (
        "Nothing found.\n"
        "12 mail calls: 11 keep readers apart, 1 undecided. 214 files, all read.\n"
        "See the undecided one: mailguard check --undecided\n"
    )


def test_no_mail_code():
    assert text(Report(ledger=Ledger(files=318, files_read=318))) == (
        "No mail is sent from this code: 318 Python files, none names a mail API that mailguard knows.\n"
        "Do you send through a helper of another package? Name it under [tool.mailguard.senders].\n"
    )


def test_old_code_with_a_baseline():
    old = replace(LEAK, new=False)
    ledger = Ledger(
        calls=63, keeps_apart=44, staff_only=4, shows=6, undecided=9, files=1204, files_read=1200, files_known=4
    )
    report = Report(findings=(old,) * 6, skips=(replace(UNREAD, accepted=True),) * 4, ledger=ledger)
    assert text(report, baseline=True) == (
        "63 mail calls: 44 keep readers apart, 4 write to staff only, 6 do not (0 new), 9 undecided.\n"
        "1,200 of 1,204 files read; the other 4 are known.\n"
    )


def test_beyond_ten_the_rest_is_one_line():
    report = replace(REPORT, findings=(LEAK,) * 22)
    assert "\n12 more: mailguard check --all\n" in text(report)
    assert text(report).count("shared-personalization, likely") == 10
    assert text(report, show_all=True).count("shared-personalization, likely") == 22


def test_undecided_is_shown_on_request_only():
    undecided = replace(LEAK, certainty=Certainty.UNDECIDED)
    report = replace(REPORT, findings=(undecided,))
    assert "shared-personalization" not in text(report)
    assert "shared-personalization, undecided" in text(report, show_undecided=True)


def test_what_does_not_block_is_counted_and_shown_on_request():
    report = replace(REPORT, findings=(LEAK, replace(LEAK, noted="test code")))
    assert "1 does not block (1 test code): mailguard check --all" in text(report)
    assert "does not block: test code" in text(report, show_all=True)


def test_other_callers_are_one_line_and_all_of_them_on_request():
    finding = replace(LEAK, ways=(WAY, WAY, WAY))
    lines = finding_lines(finding, OPTIONS)
    assert lines[lines.index("  The list") + 4] == "    and 2 more callers (--all-trails)"
    assert finding_lines(finding, replace(OPTIONS, all_trails=True)).count("  Also") == 2


def steps(*paths):
    return tuple(Step(StepKind.PASSED, Place(path, line)) for line, path in enumerate(paths, 1))


def test_a_long_trail_keeps_first_last_and_every_change_of_file():
    trail = steps("a", "b", "c", "d", "e", "f", "f", "f")
    finding = replace(LEAK, ways=(replace(WAY, steps=trail),))
    lines = finding_lines(finding, OPTIONS)
    start = lines.index("  The list") + 1
    assert [line.split()[0] for line in lines[start : start + 7]] == ["a:1", "b:2", "c:3", "d:4", "e:5", "f:6", "f:8"]
    assert lines[start + 7] == "    and 1 more step (--all-trails)"
    assert len(finding_lines(finding, replace(OPTIONS, all_trails=True))) == len(lines)


def test_a_long_trail_in_one_file_tells_what_became_of_the_list():
    kinds = (
        StepKind.PARAMETER,
        StepKind.PASSED,
        StepKind.PASSED,
        StepKind.PASSED,
        StepKind.SPLIT,
        StepKind.RETURNED,
        StepKind.JOINED,
        StepKind.SHOWN,
        StepKind.SENT,
    )
    trail = tuple(Step(kind, Place("a", line)) for line, kind in enumerate(kinds, 1))
    assert [step.place.line for step in shortened(trail)] == [1, 2, 5, 7, 8, 9]
    assert shortened(trail, 9) == trail


def test_the_send_is_a_step_of_its_own_where_the_frame_does_not_show_it():
    far = replace(WAY, steps=(*WAY.steps[:-1], Step(StepKind.SENT, Place("news/views.py", 46))))
    lines = finding_lines(replace(LEAK, ways=(far,)), OPTIONS)
    assert any(re.fullmatch(r"    news/views.py:46 +sent", line) for line in lines)


def test_a_change_elsewhere_is_named():
    options = replace(OPTIONS, changed=lambda place: place.path == "news/views.py" and place.line == 47)
    assert "  Your change in news/views.py:47 made this call unsafe." in finding_lines(LEAK, options)


def test_an_address_in_the_code_is_blanked_and_the_caret_stays_in_place():
    line = '    client.send(Mail(SENDER, ["Zoe <zoe@example.com>", "yan%40example.com"], subject))'
    start = line.index("[") + 1
    end = line.index("]") + 2
    finding = replace(LEAK, place=Place("x.py", 3, start, 3, end), ways=(replace(WAY, steps=()),))
    lines = finding_lines(finding, replace(OPTIONS, code_lines=lambda *_: ["# yan@example.com", "", line]))
    assert lines[3] == "    1 | # <address>"
    assert lines[5] == '    3 |     client.send(Mail(SENDER, ["<address>            ", "<address>        "], subject))'
    assert lines[6].index("^") == lines[5].index("[")
    assert lines[6].count("^") == end - start


def test_a_long_line_is_cut_around_the_caret():
    line = "x = [" + "aaaa, " * 40 + "recipients, " + "bbbb, " * 40 + "]"
    start = line.index("recipients") + 1
    finding = replace(LEAK, place=Place("x.py", 1, start, 1, start + 10))
    lines = finding_lines(finding, replace(OPTIONS, code_lines=lambda *_: [line, "next(line)"]))
    code, caret = lines[3], lines[4]
    assert max(len(code), len(caret)) <= 100
    assert code[caret.index("^") : caret.rindex("^") + 1] == "recipients"
    assert re.fullmatch(r"    1 \| \.\.\..*\.\.\.", code)


def test_wide_characters_and_tabs_keep_the_caret_in_place():
    line = "\tmail('漢字', to=recipients)"
    start = line.index("to=") + 1
    finding = replace(LEAK, place=Place("x.py", 1, start, 1, start + 13))
    lines = finding_lines(finding, replace(OPTIONS, code_lines=lambda *_: [line]))
    assert lines[3] == "    1 |     mail('漢字', to=recipients)"
    assert lines[4].index("^") == lines[3].index("to=") + 2  # two characters are two columns wide


def test_a_span_of_several_lines_is_marked_on_its_first_line():
    finding = replace(LEAK, place=Place("news/mailer.py", 20, 12, 22, 40))
    assert "      |            ^^^^^^^^^^^^^^^^^ one message with everybody in To" in finding_lines(finding, OPTIONS)


def test_a_place_is_quoted_where_a_shell_would_read_it():
    finding = replace(LEAK, place=Place("my mail/$(x).py", 3))
    assert "             mailguard fix 'my mail/$(x).py:3'" in finding_lines(finding, OPTIONS)


def test_control_characters_and_commands_of_logs_are_shown_as_escapes():
    finding = replace(LEAK, place=Place("::error::\x1b[2J\u202e.py", 3))
    lines = TEXT.render(replace(REPORT, findings=(finding,)), OPTIONS).splitlines()
    assert lines[0].startswith(r"\x3a:error::\x1b[2J\u202e.py:3")
    for reporter in (TEXT, CONCISE):
        printed = reporter.render(replace(REPORT, findings=(finding,)), OPTIONS)
        assert not {"\x1b", "\u202e"} & set(printed)
        assert not any(line.lstrip().startswith("::") for line in printed.splitlines())


def test_more_requests_like_this_are_one_entry():
    lines = finding_lines(RECORDED, OPTIONS)
    assert "  Alike      24 requests like this, first at captures/november.jsonl:12" in lines
    assert "  Alike      2,311 requests like this, first at captures/november.jsonl:3107" in skip_lines(
        replace(UNTOLD, times=2311), OPTIONS
    )


def test_every_reason_has_a_next_step():
    from mailguard.model.message import Reason

    for reason in Reason:
        assert skip_lines(replace(UNTOLD, cause=reason, detail=""), OPTIONS)
    for reason in SkipReason:
        assert skip_lines(replace(UNREAD, reason=reason), OPTIONS)


WORD = st.from_regex(r"[a-z_]{1,24}", fullmatch=True)
PATHS = st.lists(WORD, min_size=1, max_size=4).map(lambda names: "/".join(names) + ".py")
CODES = st.lists(WORD, min_size=1, max_size=30).map(" ".join)


@st.composite
def findings(draw):
    code = draw(CODES)
    start = draw(st.integers(1, len(code)))
    path = draw(PATHS)
    place = Place(path, draw(st.integers(1, 99_999)), start, 0, draw(st.integers(start, len(code))) + 1)
    trail = tuple(
        Step(draw(st.sampled_from(StepKind)), Place(draw(PATHS), draw(st.integers(1, 9999)), 1, 0, 40))
        for _ in range(draw(st.integers(0, 9)))
    )
    finding = replace(
        LEAK,
        place=place,
        title=draw(CODES),
        caption=draw(CODES),
        change=draw(CODES),
        certainty=draw(st.sampled_from(Certainty)),
        severity=draw(st.sampled_from(Severity)),
        ways=(Way(trail, Certainty.LIKELY, "x", LEAK.count),) * draw(st.integers(1, 3)),
    )
    return finding, replace(OPTIONS, code_lines=lambda _, first, last: [code] * (last - first + 1))


@settings(max_examples=100, deadline=None)
@given(findings(), st.sampled_from([60, 80, 100, 140]), st.booleans())
def test_everything_fits_the_width_but_places_and_commands(case, width, colour):
    finding, options = case
    for coloured in finding_lines(finding, replace(options, width=width, colour=colour)):
        line = ANSI.sub("", coloured)
        assert line == line.rstrip()
        if len(line) > width:
            # What is pasted is never broken.
            assert "mailguard " in line or re.fullmatch(r" *[\w./:]+", line), line


@settings(max_examples=50, deadline=None)
@given(findings())
def test_the_caret_lies_below_its_span(case):
    finding, options = case
    lines = finding_lines(finding, options)
    marked = [index for index, line in enumerate(lines) if re.match(r" *\|.*\^", line)]
    assert len(marked) == 1
    caret, code = lines[marked[0]], lines[marked[0] - 1]
    assert len(code) >= caret.index("^")


def test_without_code_at_hand_there_is_no_frame():
    lines = finding_lines(LEAK, Options())
    assert not any("|" in line for line in lines)
    # Nothing shows the call, so it is a step.
    assert "    news/mailer.py:20   sent" in lines


def test_the_samples_are_what_they_say():
    assert CODE["news/mailer.py"].splitlines()[PLACE.line - 1][PLACE.column - 1 : PLACE.end_column - 1] == (
        "to_emails=recipients"
    )
    assert SEND.line == 20
    assert isinstance(LEAK, Finding)
