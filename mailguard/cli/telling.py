"""The commands that tell of something: ``explain``, ``audit``, ``demo`` and ``help``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from mailguard.cli.failing import printable
from mailguard.cli.group import main
from mailguard.cli.options import about_colour, about_exceptions, about_failures, about_settings
from mailguard.cli.preparing import BOTH, prepared, watched
from mailguard.cli.writing import outputs_of, shown, write_file
from mailguard.config import nearest_name


@click.command()
@click.argument("subject", required=False, metavar="[RULE|PLACE|API]")
@click.option("--test", "folder", type=click.Path(path_type=Path), help="Run the examples of the rules in a folder.")
@about_settings
def explain(subject: str | None, folder: Path | None, **options: Any) -> int:
    """Explain a rule, a mail call or a mail service; alone: list them."""
    from mailguard.explain import page, run_examples

    if folder is not None:
        lines, failed = run_examples(folder)
        for line in lines:
            click.echo(printable(line))
        return 1 if failed else 0
    click.echo(page(subject, lambda paths: prepared(paths, BOTH, options)), nl=False)
    return 0


@click.command()
@click.argument("paths", nargs=-1, metavar="[REPO]...")
@click.option("--format", "format_name", metavar="FORMAT", help="How to show it: text, json, csv, markdown.")
@click.option(
    "--output", "outputs", multiple=True, metavar="[FORMAT=]FILE", help="Write it to a file; - is the terminal."
)
@about_colour
@about_exceptions
@about_settings
def audit(paths: tuple[str, ...], *, format_name: str | None, outputs: tuple[str, ...], **options: Any) -> int:
    """List every place that can send mail, also where nothing is wrong."""
    from mailguard.audit.collecting import audit_of
    from mailguard.audit.pages import PAGES
    from mailguard.audit.text import render_brief

    suffixes = {name: page.suffixes for name, page in PAGES.items()}
    wanted = outputs_of(format_name, outputs, sorted(PAGES), concise=False, suffixes=suffixes)
    run = watched(prepared(paths, BOTH, options), options)
    found = audit_of(run)
    # Where all of it goes to files, what stands on top of it is enough on the terminal.
    brief = any(output.file != "-" for output in wanted) and "-" not in {spec.rpartition("=")[2] for spec in outputs}
    for output in sorted(wanted, key=lambda output: output.file != "-"):
        terminal = output.file == "-"
        render = render_brief if terminal and brief else PAGES[output.format].render
        text = render(found, shown(run, "audit", options["color"], terminal=terminal))
        if terminal:
            click.echo(text, nl=False, color=True)
        else:
            write_file(output.file, text, run.tree.root)
            click.echo(printable(f"{output.file}: {PAGES[output.format].title}."), err=not brief)
    return found.exit_code


@click.command()
@about_failures
def demo(*, debug: bool) -> int:
    """Replay the mail of 1 November 2019, and its repair."""
    del debug  # read where the failure is reported
    from mailguard.demo import tell

    lines, happened = tell()
    for line in lines:
        click.echo(line)
    return 0 if happened else 1


@click.command("help", hidden=True)
@click.argument("topic", required=False)
@click.pass_context
def help_command(ctx: click.Context, topic: str | None) -> int:
    """Show help: of a command, of all of them, of the formats."""
    parent = ctx.parent or ctx
    if topic is None:
        click.echo(main.get_help(parent))
    elif topic == "all":
        for line in _all_commands(parent):
            click.echo(line)
    elif topic == "formats":
        from mailguard import capture, gate
        from mailguard.terminal import wrapped

        click.echo("Reports:")
        for name, reporter in sorted(gate.reporters().items()):
            click.echo(f"  {name:<10}{reporter.title}")
        click.echo("\nCaptures, told by their content, and what each can show:")
        for form in capture.formats():
            click.echo(f"  {form.title[0].upper()}{form.title[1:]} ({form.name})")
            for line in wrapped(form.proves, 100, "    ", "    "):
                click.echo(line)
    elif topic in main.commands:
        command = main.commands[topic]
        with click.Context(command, info_name=topic, parent=parent) as inner:
            click.echo(command.get_help(inner))
    else:
        known = [*main.commands, "all", "formats"]
        raise click.UsageError(f'there is no help on "{topic}". {nearest_name(topic, sorted(known))}')
    return 0


def _all_commands(ctx: click.Context) -> Iterator[str]:
    names = main.list_commands(ctx)
    for name in [*names, *sorted(set(main.commands) - set(names))]:
        command = main.commands[name]
        yield f"  {name:<10}{command.get_short_help_str(80)}"
    yield ""
    yield "Exit codes: 0 nothing at or above the gate, 1 a finding that closes it, 2 a wrong command or"
    yield "settings, 3 something that may matter was not read, or mailguard itself failed."
