"""Where reports go and how wide and colourful they are."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mailguard import __version__
from mailguard.cli.failing import printable
from mailguard.cli.group import WIDTH, main
from mailguard.config import nearest_name
from mailguard.discover import NothingToCheck

if TYPE_CHECKING:
    from mailguard.adopt import Written
    from mailguard.gate import Run
    from mailguard.model.finding import Report
    from mailguard.model.reporter import Options


@dataclass(frozen=True, slots=True)
class Output:
    """A report that was asked for."""

    format: str
    file: str
    """``-`` for the terminal."""


def outputs_of(
    format_name: str | None,
    specs: Sequence[str],
    names: Sequence[str],
    *,
    concise: bool,
    suffixes: Mapping[str, Sequence[str]] | None = None,
) -> list[Output]:
    """What to write where, out of ``--format``, ``--output`` and ``--concise``.

    ``suffixes`` are the endings of file names that mean a format; those of the reporters if not given.
    """
    default = format_name or ("concise" if concise else "text")
    outputs = []
    for spec in specs:
        head, equals, file = spec.partition("=")
        if equals and head in names:
            outputs.append(Output(head, file))
        elif equals and head.isidentifier() and not Path(spec).exists():
            raise click.UsageError(f'there is no format "{head}". {nearest_name(head, names)}')
        else:
            outputs.append(Output(format_name or _by_suffix(spec, suffixes) or default, spec))
    if format_name is not None and format_name not in names:
        raise click.UsageError(f'there is no format "{format_name}". {nearest_name(format_name, names)}')
    for output in outputs:
        if not output.file:
            raise click.UsageError(f"--output {output.format}= names no file; - is the terminal")
    if not any(output.file == "-" for output in outputs):
        # A gate that closes says why in the log, also where the report goes to a file.
        on_terminal = default if not outputs else "concise" if concise else "text"
        outputs.insert(0, Output(on_terminal, "-"))
    return outputs


def _by_suffix(file: str, suffixes: Mapping[str, Sequence[str]] | None) -> str | None:
    if suffixes is None:
        from mailguard import gate

        suffixes = {name: reporter.suffixes for name, reporter in gate.reporters().items()}
    return next((name for name, ends in suffixes.items() if file.endswith(tuple(ends) or ("\0",))), None)


def write(run: Run, report: Report, output: Output, command: str, options: dict[str, Any]) -> str:
    """Write a report; returns it."""
    from mailguard import gate

    text = gate.render(report, output.format, _of_report(run, command, options, terminal=output.file == "-"))
    if output.file == "-":
        click.echo(text, nl=False, color=True)
    else:
        write_file(output.file, text, run.tree.root)
    return text


def write_file(name: str, text: str, root: Path) -> None:
    """Write a report. A link that the scanned tree brought must not make it land elsewhere."""
    file = Path.cwd() / name
    if file.is_relative_to(root) and not file.resolve().is_relative_to(root):
        raise NothingToCheck(f"cannot write {name}: a link leads out of the tree that is checked.")
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise NothingToCheck(f"cannot write {name}: {error.strerror}") from error


def shown(run: Run, command: str, colour: str, *, terminal: bool = True, **more: Any) -> Options:
    """Options of a reporter for what a command prints, on a terminal or into a file."""
    return run.options(
        width=_width() if terminal else WIDTH,
        colour=terminal and _is_coloured(colour),
        command=command,
        commands=frozenset(main.commands),
        version=__version__,
        **more,
    )


def _of_report(run: Run, command: str, options: dict[str, Any], *, terminal: bool) -> Options:
    return shown(
        run,
        command,
        options["color"],
        terminal=terminal,
        show_all=options["show_all"],
        all_trails=options["all_trails"],
        show_undecided=options["undecided"],
        reveal=options["reveal"],
        baseline=run.baseline is not None or bool(options.get("no_baseline")),
        compared=run.change.compared if run.change is not None else "",
        changed=run.change.changed if run.change is not None else None,
        suspect=run.change.suspect if run.change is not None else None,
    )


def _width() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH


def _is_coloured(choice: str) -> bool:
    """Whether to colour: as asked, else on a terminal unless ``NO_COLOR`` is set (no-color.org)."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def keep(run: Run, written: Written) -> int:
    """Write what a command made, and say so."""
    if written.path:
        root = run.tree.root
        file = root / written.path
        # A link that the tree brought must not make it land elsewhere.
        if file.is_symlink() or not file.resolve().is_relative_to(root):
            raise NothingToCheck(f"cannot write {written.path}: it is a link, or a link leads out of the tree.")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(written.data)
        except OSError as error:
            raise NothingToCheck(f"cannot write {written.path}: {error.strerror}") from error
    for line in written.lines:
        click.echo(printable(line))
    return 0
