"""The commands on a capture alone: ``inspect`` and ``scrub``."""

from __future__ import annotations

from typing import Any

import click

from mailguard.cli.failing import EXIT_INTERNAL, complain
from mailguard.cli.options import about_colour, about_settings
from mailguard.cli.preparing import CAPTURES, prepared
from mailguard.cli.writing import shown
from mailguard.discover import NothingToCheck


@click.command(hidden=True)
@click.argument("paths", nargs=-1, required=True, metavar="CAPTURE...")
@click.option("--reveal", is_flag=True, help="Print addresses.")
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@about_colour
@about_settings
def inspect(paths: tuple[str, ...], *, reveal: bool, format_name: str, **options: Any) -> int:
    """Show who sees whom in each request of a capture."""
    from mailguard.inspection import render_json, render_text

    run = prepared(paths, CAPTURES, options)
    render = render_json if format_name == "json" else render_text
    text = render(list(run.inspections()), shown(run, "inspect", options["color"], reveal=reveal))
    click.echo(text, nl=False, color=True)
    return 0


@click.command(hidden=True)
@click.argument("paths", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--output", "output", metavar="FILE", help="Where to write it (a folder, for several); else the terminal."
)
@about_settings
def scrub(paths: tuple[str, ...], *, output: str | None, **options: Any) -> int:
    """Write a capture again with fake addresses, for a commit or a bug report."""
    from mailguard.scrub import ScrubError, write_all

    run = prepared(paths, CAPTURES, options)
    try:
        done = write_all(run, output)
    except ScrubError as error:
        return complain(str(error), EXIT_INTERNAL)
    except OSError as error:
        raise NothingToCheck(f"cannot write {output}: {error.strerror}") from error
    click.echo(done.said, err=True)
    return EXIT_INTERNAL if done.left_out else 0
