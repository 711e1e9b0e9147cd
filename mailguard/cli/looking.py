"""The commands that look and report: ``check``, ``scan`` and ``replay``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mailguard.cli.failing import EXIT_INTERNAL, printable
from mailguard.cli.options import about_change, about_exceptions, about_files, about_output, about_settings
from mailguard.cli.preparing import BOTH, CAPTURES, CODE, prepared, watched
from mailguard.cli.remembering import Asked, remember
from mailguard.cli.writing import outputs_of, write, write_file

if TYPE_CHECKING:
    from mailguard.config import Settings
    from mailguard.gate import Run


@click.command()
@click.argument("paths", nargs=-1, metavar="[PLACE]...")
@click.option("--drill", is_flag=True, help="Plant leaks in a copy, and see whether they are blocked here.")
@about_change
@about_output
@about_exceptions
@about_settings
@about_files
def check(paths: tuple[str, ...], *, drill: bool, **options: Any) -> int:
    """Look at code and recorded mail; the one for people, hooks and CI."""
    if drill:
        return _drill(paths, options)
    return _look("check", BOTH, paths, options)


@click.command(hidden=True)
@click.argument("paths", nargs=-1, metavar="[PLACE]...")
@about_change
@about_output
@about_exceptions
@about_settings
@about_files
def scan(paths: tuple[str, ...], **options: Any) -> int:
    """Look at code only."""
    return _look("scan", CODE, paths, options)


@click.command(hidden=True)
@click.argument("paths", nargs=-1, metavar="[CAPTURE]...")
@click.option("--affected", is_flag=True, help="After an incident: how many people were shown. Names nobody.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Look at N records of each capture, evenly spread.")
@about_output
@about_settings
@about_files
def replay(paths: tuple[str, ...], **options: Any) -> int:
    """Look at recorded mail only."""
    return _look("replay", CAPTURES, paths, options)


def _look(command: str, eyes: frozenset[str], paths: tuple[str, ...], options: dict[str, Any]) -> int:
    """What check, scan and replay do."""
    from mailguard import gate
    from mailguard.repair import marked, reader

    names = sorted(gate.reporters())
    outputs = outputs_of(options["format_name"], options["outputs"], names, concise=options["concise"])
    if options["reveal"] and not any(output.format in ("json", "jsonl") for output in outputs):
        raise click.UsageError("--reveal is for JSON, and for mailguard inspect. Nothing else prints an address.")
    run = watched(prepared(paths, eyes, options), options)
    if options["show_settings"]:
        return _show_settings(run.settings)
    if options["show_files"]:
        for file in (*run.files.python, *run.files.captures):
            click.echo(printable(file.path))
        return 0
    if options.get("affected"):
        return _affected(run, outputs[0].format, outputs[0].file)
    report = marked(run.report(), reader(run.files))
    printed = [write(run, report, output, command, options) for output in outputs]
    # A sample says nothing about the rest.
    code = report.exit_code or (EXIT_INTERNAL if run.watch.partial else 0)
    asked = click.get_current_context().find_object(Asked)
    if asked is not None and all(output.file == "-" for output in outputs):
        remember(asked, run, report, "".join(printed), code, options)
    return code


def _drill(paths: tuple[str, ...], options: dict[str, Any]) -> int:
    """What ``check --drill`` does."""
    from mailguard.drill import drill

    if options["since"] is not None or options["staged"]:
        raise click.UsageError("--drill is about the settings that are here, not about a change")
    if options["format_name"] or options["outputs"] or options["concise"]:
        raise click.UsageError("--drill prints text only")
    done = drill(prepared(paths, CODE, options))
    for line in done.lines(every=options["show_all"]):
        click.echo(printable(line))
    return done.exit_code


def _affected(run: Run, form: str, file: str) -> int:
    """What ``replay --affected`` prints; 3 where something could not be told."""
    from mailguard.affected import render_json, render_text

    if form not in ("text", "json"):
        raise click.UsageError("--affected is text or JSON")
    result = run.affected()
    notices = [printable(line) for line in (*run.notices, *run.watch.notices())]
    text = (render_json if form == "json" else render_text)(result, notices)
    if file == "-":
        click.echo(text, nl=False)
    else:
        write_file(file, text, run.tree.root)
    return EXIT_INTERNAL if result.cannot_tell or run.watch.partial else 0


def _show_settings(settings: Settings) -> int:
    click.echo(f"# from {printable(str(settings.file))}" if settings.file else "# no settings file: the defaults")
    for name, value in settings.shown():
        click.echo(printable(f"{name} = {value!r}"))
    return 0
