"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def together(*groups: Callable[[F], F]) -> Callable[[F], F]:
    """Several options as one decorator; help shows them in this order."""

    def decorate(function: F) -> F:
        for group in reversed(groups):
            function = group(function)
        return function

    return decorate


about_failures = click.option("--debug", is_flag=True, help="Say where an internal error was. Prints no content.")

about_settings = together(
    click.option(
        "--config", "configs", multiple=True, metavar="FILE|KEY=VALUE", help="Settings to use, or one setting as TOML."
    ),
    click.option("--isolated", is_flag=True, help="Use no settings file."),
    click.option("--tests", is_flag=True, help="Test code closes the gate too."),
    click.option("--as-of", metavar="DATE", help="The day it is for end dates; that of the commit if not given."),
    click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Share the work between N processes."),
    click.option("--no-cache", is_flag=True, help="Neither use nor keep what an earlier run came to."),
    about_failures,
)

about_colour = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours.")

about_output = together(
    click.option("--format", "format_name", metavar="FORMAT", help="How to report: mailguard help formats."),
    click.option(
        "--output",
        "outputs",
        multiple=True,
        metavar="[FORMAT=]FILE",
        help="Write a report to a file; - is the terminal.",
    ),
    click.option("--concise", is_flag=True, help="One line for each finding."),
    click.option("--undecided", is_flag=True, help="Show what could not be decided, too."),
    click.option("--all", "show_all", is_flag=True, help="Show every finding."),
    click.option("--all-trails", is_flag=True, help="Show every way by which a list comes in."),
    about_colour,
    click.option("--reveal", is_flag=True, help="Print addresses (JSON and inspect only)."),
)

about_files = together(
    click.option("--show-settings", is_flag=True, help="Print the settings in force, and check nothing."),
    click.option("--show-files", is_flag=True, help="Print the files that would be read, and check nothing."),
)

about_exceptions = together(
    click.option("--no-allow", is_flag=True, help="Look past the exceptions beside the code."),
    click.option("--no-baseline", is_flag=True, help="Look past the baseline: what it knows is new."),
    click.option("--policy", metavar="FILE", help="An organisation's settings, which those here can only tighten."),
)

about_change = together(
    click.option("--since", metavar="REV", help="Report what the change since this commit brings in."),
    click.option("--staged", is_flag=True, help="Report what the next commit brings in."),
)
