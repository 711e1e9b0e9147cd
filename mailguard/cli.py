"""The command line. The only importer of click.

Commands load what they need when they run, so that help and mistakes are answered
at once. Every way out has its exit code: 0 nothing at or above the gate, 1 a
finding that closes it, 2 a wrong command or settings, 3 something that may matter
was not read, or mailguard itself failed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from mailguard import __version__
from mailguard.baseline import BaselineError
from mailguard.config import SettingsError, nearest_name
from mailguard.discover import NothingToCheck
from mailguard.rulebook.rules import RulesError
from mailguard.shelf import ShelfError

if TYPE_CHECKING:
    from mailguard.adopt import Written
    from mailguard.cache.keeping import Watched
    from mailguard.changes import Change
    from mailguard.config import Settings
    from mailguard.discover import Tree
    from mailguard.gate import Run
    from mailguard.model.finding import Report
    from mailguard.model.reporter import Options

EXIT_USAGE: Final = 2
EXIT_INTERNAL: Final = 3
EXIT_INTERRUPTED: Final = 130
"""128 and the number of the signal, as shells have it."""

WIDTH: Final = 100
"""Columns where there is no terminal."""

FIRST_STEP: Final = """\
mailguard finds the line of code that will show your customers to each other.

  mailguard check          look at this project; nothing is sent, nothing of it is run
  mailguard demo           the mail of 1 November 2019, replayed in a temporary folder

All commands: mailguard --help
"""

SHOWN: Final = ("check", "fix", "explain", "allow", "baseline", "audit", "demo")
"""The commands that help shows, in this order, as far as they exist."""

F = TypeVar("F", bound=Callable[..., Any])


_asked: list[tuple[Sequence[str], int]] = []
"""The arguments that this process was started with, and when; a run of the whole tree is remembered under them."""


def run(arguments: Sequence[str], started: int = 0) -> int:
    """Run the command line with ``arguments``; returns the exit code and never raises.

    ``started`` is when the process began, in nanoseconds of the clock; what it comes to is remembered if it is given.
    """
    _asked[:] = [(arguments, started)] if started else []
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is escaped; it must not end the run.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = main.main(list(arguments), prog_name="mailguard", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except click.UsageError as error:
        command = f"{error.ctx.command_path} --help" if error.ctx else "mailguard --help"
        return _complain(f"{error.format_message()}\nHelp: {command}", EXIT_USAGE)
    except click.ClickException as error:
        return _complain(error.format_message(), EXIT_USAGE)
    except (SettingsError, NothingToCheck, RulesError, ShelfError, BaselineError) as error:
        return _complain(str(error), EXIT_USAGE)
    except BrokenPipeError:
        # Whoever read the report has left; what is still in the buffer goes nowhere.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_INTERNAL
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001  # whatever it is, a traceback would print what it holds
        return _complain(_internal(error, debug="--debug" in arguments), EXIT_INTERNAL)
    return code if isinstance(code, int) else 0


def _complain(message: str, code: int) -> int:
    sys.stderr.write(f"mailguard: {_printable(message)}\n")
    return code


def _printable(text: str) -> str:
    from mailguard.redact import Output, foreign, safe_text  # noqa: PLC0415  # not needed where all goes well

    return "\n".join(safe_text(foreign(line), Output.TERMINAL) for line in text.split("\n"))


def _internal(error: Exception, *, debug: bool) -> str:
    """One line about a failure of mailguard itself: where, and of which type. Never what it says, which may quote input."""
    package = str(Path(__file__).parent)
    frames = []
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file.startswith(package):
            frames.append(f"{os.path.relpath(file, package).replace(os.sep, '/')}:{trace.tb_lineno}")
        trace = trace.tb_next
    text = f"internal error in {frames[-1] if frames else 'start'} ({type(error).__name__}). This is not a pass."
    if debug:
        return text + "".join(f"\n  {frame}" for frame in frames)
    return text + " With --debug: the way there, without any content."


class _Commands(click.Group):
    """The commands; a path in place of a command is ``check`` of it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            if Path(name.split(":")[0]).exists() or os.sep in name:
                return super().resolve_command(ctx, ["check", *args])
            raise click.UsageError(f'there is no command "{name}". {nearest_name(name, sorted(self.commands))}', ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return [name for name in SHOWN if name in self.commands]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        formatter.write("\nmore: mailguard help all\n")


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH},
)
@click.version_option(__version__, "-V", "--version", message="mailguard %(version)s")
@click.pass_context
def main(ctx: click.Context) -> int:
    """Find the line of code that will show your customers to each other."""
    if ctx.invoked_subcommand is None:
        click.echo(FIRST_STEP, nl=False)
    return 0


def _options(*groups: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for group in reversed(groups):
            function = group(function)
        return function

    return decorate


_about_failures = click.option("--debug", is_flag=True, help="Say where an internal error was. Prints no content.")

_about_settings = _options(
    click.option(
        "--config", "configs", multiple=True, metavar="FILE|KEY=VALUE", help="Settings to use, or one setting as TOML."
    ),
    click.option("--isolated", is_flag=True, help="Use no settings file."),
    click.option("--tests", is_flag=True, help="Test code closes the gate too."),
    click.option("--as-of", metavar="DATE", help="The day it is for end dates; that of the commit if not given."),
    click.option("--jobs", type=click.IntRange(1, 64), metavar="N", help="Read large captures with N processes."),
    click.option("--no-cache", is_flag=True, help="Neither use nor keep what an earlier run came to."),
    _about_failures,
)

_about_colour = click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", help="Colours.")

_about_output = _options(
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
    _about_colour,
    click.option("--reveal", is_flag=True, help="Print addresses (JSON and inspect only)."),
)


@dataclass(frozen=True, slots=True)
class _Output:
    format: str
    file: str


def _outputs(
    format_name: str | None,
    specs: Sequence[str],
    names: Sequence[str],
    *,
    concise: bool,
    suffixes: Mapping[str, Sequence[str]] | None = None,
) -> list[_Output]:
    """What to write where, out of ``--format``, ``--output`` and ``--concise``.

    ``suffixes`` are the endings of file names that mean a format; those of the reporters if not given.
    """
    default = format_name or ("concise" if concise else "text")
    outputs = []
    for spec in specs:
        head, equals, file = spec.partition("=")
        if equals and head in names:
            outputs.append(_Output(head, file))
        elif equals and head.isidentifier() and not Path(spec).exists():
            raise click.UsageError(f'there is no format "{head}". {nearest_name(head, names)}')
        else:
            outputs.append(_Output(format_name or _by_suffix(spec, suffixes) or default, spec))
    if format_name is not None and format_name not in names:
        raise click.UsageError(f'there is no format "{format_name}". {nearest_name(format_name, names)}')
    for output in outputs:
        if not output.file:
            raise click.UsageError(f"--output {output.format}= names no file; - is the terminal")
    if not any(output.file == "-" for output in outputs):
        # A gate that closes says why in the log, also where the report goes to a file.
        on_terminal = default if not outputs else "concise" if concise else "text"
        outputs.insert(0, _Output(on_terminal, "-"))
    return outputs


def _by_suffix(file: str, suffixes: Mapping[str, Sequence[str]] | None) -> str | None:
    if suffixes is None:
        from mailguard import gate  # noqa: PLC0415  # the neck loads the wings

        suffixes = {name: reporter.suffixes for name, reporter in gate.reporters().items()}
    return next((name for name, ends in suffixes.items() if file.endswith(tuple(ends) or ("\0",))), None)


def _settings_of(
    paths: Sequence[str], options: dict[str, Any]
) -> tuple[Tree, Settings, Change | None, tuple[str, ...]]:
    """The tree that was named, the settings for it, the change that it is about, and remarks."""
    from mailguard import config, discover  # noqa: PLC0415  # see the module's own text

    tree = discover.tree_of(paths, Path.cwd())
    change = _change(tree, options)
    files = [text for text in options["configs"] if "=" not in text or Path(text).exists()]
    if len(files) > 1:
        raise click.UsageError("--config names two files; one is enough")
    if files:
        if not Path(files[0]).is_file():
            raise NothingToCheck(f"there is no {files[0]} here.")
        settings = config.load(Path(files[0]).resolve(), tree.root, trusted=True)
    else:
        start = Path(os.path.commonpath(tree.named)) if tree.named else tree.root
        settings = config.Settings()
        if not options["isolated"]:
            stored = change.settings_now(start) if change is not None else None
            found = config.find(start, tree.root) if stored is None else None
            settings = stored or (config.load(found, tree.root) if found else settings)
            if change is not None:
                change, settings = _judged_by_the_base(change, settings, start)
    for text in options["configs"]:
        if text not in files:
            settings = config.with_inline(settings, text)
    remarks: tuple[str, ...] = ()
    if options.get("policy"):
        settings, remarks = _under_policy(options["policy"], settings, tree)
    if options["tests"]:
        settings = replace(settings, tests=True)
    return tree, settings, change, remarks


def _change(tree: Tree, options: dict[str, Any]) -> Change | None:
    """The change that was asked about, with ``--since`` or ``--staged``."""
    from mailguard import changes, discover  # noqa: PLC0415  # see the module's own text
    from mailguard.globs import Globs  # noqa: PLC0415  # the same

    name, staged = options.get("since"), options.get("staged")
    if staged and not name:
        # pre-commit says so where it runs over the commits of a branch instead of one that is being made.
        name = os.environ.get("PRE_COMMIT_FROM_REF")
    elif staged:
        raise click.UsageError("--staged is about the next commit, --since about those since another; one is enough")
    if name is not None:
        everything = discover.Tree(tree.root)
        return changes.since(tree.root, name, lambda: discover.files_of(everything, Globs(()), Globs(())))
    return changes.staged(tree.root) if staged else None


def _judged_by_the_base(change: Change, now: Settings, start: Path) -> tuple[Change, Settings]:
    """The settings from before a change, and the change with what it loosens."""
    from mailguard import policy  # noqa: PLC0415  # see the module's own text
    from mailguard.rulebook.loading import load_rules  # noqa: PLC0415  # see the module's own text

    before = change.settings(start)
    rules = load_rules(before.folder / before.rules if before.folder and before.rules else None)
    told = [one.at(now, change.root) for one in policy.loosened(before, now, rules)]
    told += [f"{path}   a rule of the project is changed" for path in change.changed_rules(before)]
    told += policy.loosened_baseline(change.baseline, change.baseline_now())
    return replace(change, notices=tuple(told)), before


def _under_policy(file: str, settings: Settings, tree: Tree) -> tuple[Settings, tuple[str, ...]]:
    """The settings of a repository as far as an organisation's policy lets them count, and a remark on the rest."""
    from mailguard import config, policy  # noqa: PLC0415  # see the module's own text
    from mailguard.rulebook.loading import load_rules  # noqa: PLC0415  # see the module's own text

    if not Path(file).is_file():
        raise NothingToCheck(f"there is no {file} here.")
    binding = config.load(Path(file).resolve(), tree.root, trusted=True)
    folder = settings.folder or tree.root
    rules = load_rules(folder / settings.rules if settings.rules else None)
    settings, ignored = policy.tightened(binding, settings, rules)
    if not ignored:
        return settings, ()
    lines = [f"  {one.at(settings, tree.root)}" for one in ignored]
    return settings, ("\n".join([f"Looser than {Path(file).name}, so it does not count:", *lines]),)


def _prepare(paths: Sequence[str], eyes: frozenset[str], options: dict[str, Any]) -> Run:
    from mailguard import gate  # noqa: PLC0415  # the neck loads the wings

    as_of = None
    if options["as_of"]:
        try:
            as_of = date.fromisoformat(options["as_of"])
        except ValueError:
            raise click.UsageError(f"--as-of is a date, as in 2027-01-31, not {options['as_of']}") from None
    tree, settings, change, remarks = _settings_of(paths, options)
    allow = not options.get("no_allow")
    run = gate.prepare(paths, tree, settings, eyes=eyes, here=Path.cwd(), as_of=as_of, change=change, allow=allow)
    known = None if options.get("no_baseline") else run.baseline
    return replace(run, notices=run.notices + remarks, baseline=known)


def _look(command: str, eyes: frozenset[str], paths: tuple[str, ...], options: dict[str, Any]) -> int:
    """What check, scan and replay do."""
    from mailguard import gate  # noqa: PLC0415  # the neck loads the wings
    from mailguard.repair import marked, reader  # noqa: PLC0415  # only here

    names = sorted(gate.reporters())
    outputs = _outputs(options["format_name"], options["outputs"], names, concise=options["concise"])
    if options["reveal"] and not any(output.format in ("json", "jsonl") for output in outputs):
        raise click.UsageError("--reveal is for JSON, and for mailguard inspect. Nothing else prints an address.")
    run = _watched(_prepare(paths, eyes, options), options)
    if options["show_settings"]:
        return _show_settings(run.settings)
    if options["show_files"]:
        for file in (*run.files.python, *run.files.captures):
            click.echo(_printable(file.path))
        return 0
    if options.get("affected"):
        return _affected(run, outputs[0].format, outputs[0].file)
    report = marked(run.report(), reader(run.files))
    printed = [_write(run, report, output, command, options) for output in outputs]
    # A sample says nothing about the rest.
    code = report.exit_code or (EXIT_INTERNAL if run.watch.partial else 0)
    if _asked and all(output.file == "-" for output in outputs):
        _remember(run, report, "".join(printed), code, options)
    return code


def _remember(run: Run, report: Report, text: str, code: int, options: dict[str, Any]) -> None:
    """Keep what a run of the whole tree printed, if nothing but the tree and mailguard itself decided it."""
    from mailguard import discover  # noqa: PLC0415  # only here
    from mailguard.cache.keeping import Kept, Watched, keep  # noqa: PLC0415  # only here

    arguments, started = _asked[0]
    change = run.change
    by_files = change is None or (
        change.now is not None and not change.now.linked and not os.environ.get("PRE_COMMIT_FROM_REF")
    )
    elsewhere = ("reveal", "sample", "policy", "configs", "no_cache", "debug")
    if (
        not run.tree.whole
        or not run.tree.project
        or run.tree.stdin
        or not by_files
        or any(options.get(name) for name in elsewhere)
        or run.files.captures
        or run.settings.captures
        or run.watch.partial
        or _plugins()
    ):
        return
    files: dict[str, str] = {}
    for file in run.files.python:
        files[file.real] = "" if file.real in files else file.path
    watched = None
    if (scanned := run.looked.code) is not None:
        watched = Watched(scanned.loud, filter(discover.is_test_code, files.values()), scanned.words)
    folder = run.settings.folder or run.tree.root
    rules = str(folder / run.settings.rules) if run.settings.rules and change is None else ""
    clean = change is not None and not report.notices and _settled(change, report, options, watched)
    kept = Kept(
        root=str(run.tree.root),
        out=text,
        code=code,
        files=files,
        rules=rules,
        watched=watched,
        staged=change is not None,
        clean=clean,
    )
    keep(arguments, kept, started)


def _settled(change: Change, report: Report, options: dict[str, Any], watched: Watched | None) -> bool:
    """Whether a report on a change stays as it is once the change is made: nothing that it tells is news."""
    from mailguard.cache.tree import could_matter  # noqa: PLC0415  # only here
    from mailguard.model.finding import Certainty  # noqa: PLC0415  # the same

    before, now = change.policy.names(), change.now.names() if change.now is not None else {}
    edited = [path for path in {*before, *now} if before.get(path) != now.get(path)]
    edited = [path for path in edited if could_matter(Path(path).name)]
    if not all(path.endswith(".py") for path in edited):
        return False
    shown = options["undecided"] or options["show_all"] or options["format_name"] not in (None, "text", "concise")
    told = [one for one in report.findings if shown or one.certainty is not Certainty.UNDECIDED]
    if not told and not report.skips:
        return True
    # What it tells was there before, as the change is one that cannot matter.
    return watched is not None and all(
        path in before and path in now and watched.never_mattered(path, change.policy.read(path) or b"")
        for path in edited
    )


def _plugins() -> bool:
    """Whether other packages add to mailguard: what they do may change without a trace."""
    from importlib.metadata import entry_points  # noqa: PLC0415  # only here

    groups = ("mailguard.providers", "mailguard.captures", "mailguard.reporters")
    return any(entry_points(group=group) for group in groups)


def _drill(paths: tuple[str, ...], options: dict[str, Any]) -> int:
    """What ``check --drill`` does."""
    from mailguard.drill import drill  # noqa: PLC0415  # only here

    if options["since"] is not None or options["staged"]:
        raise click.UsageError("--drill is about the settings that are here, not about a change")
    if options["format_name"] or options["outputs"] or options["concise"]:
        raise click.UsageError("--drill prints text only")
    done = drill(_prepare(paths, frozenset({"code"}), options))
    for line in done.lines(every=options["show_all"]):
        click.echo(_printable(line))
    return done.exit_code


def _watched(run: Run, options: dict[str, Any]) -> Run:
    """A run with progress on a terminal, and with a sample where one was asked for."""
    from dataclasses import replace  # noqa: PLC0415  # only here

    from mailguard.watch import Watch  # noqa: PLC0415  # see the module's own text

    return replace(run, watch=Watch.on_terminal(options.get("sample") or 0), jobs=options.get("jobs") or 1)


def _affected(run: Run, form: str, file: str) -> int:
    """What ``replay --affected`` prints; 3 where something could not be told."""
    from mailguard.affected import render_json, render_text  # noqa: PLC0415  # only here

    if form not in ("text", "json"):
        raise click.UsageError("--affected is text or JSON")
    result = run.affected()
    notices = [_printable(line) for line in (*run.notices, *run.watch.notices())]
    text = (render_json if form == "json" else render_text)(result, notices)
    if file == "-":
        click.echo(text, nl=False)
    else:
        _write_file(file, text, run.tree.root)
    return EXIT_INTERNAL if result.cannot_tell or run.watch.partial else 0


def _write(run: Run, report: Report, output: _Output, command: str, options: dict[str, Any]) -> str:
    """Write a report; returns it."""
    from mailguard import gate  # noqa: PLC0415  # the neck loads the wings

    text = gate.render(report, output.format, _report_options(run, command, options, terminal=output.file == "-"))
    if output.file == "-":
        click.echo(text, nl=False, color=True)
    else:
        _write_file(output.file, text, run.tree.root)
    return text


def _write_file(name: str, text: str, root: Path) -> None:
    """Write a report. A link that the scanned tree brought must not make it land elsewhere."""
    file = Path.cwd() / name
    if file.is_relative_to(root) and not file.resolve().is_relative_to(root):
        raise NothingToCheck(f"cannot write {name}: a link leads out of the tree that is checked.")
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise NothingToCheck(f"cannot write {name}: {error.strerror}") from error


def _report_options(run: Run, command: str, options: dict[str, Any], *, terminal: bool) -> Options:
    return run.options(
        width=_width() if terminal else WIDTH,
        colour=terminal and _colour(options["color"]),
        command=command,
        show_all=options["show_all"],
        all_trails=options["all_trails"],
        show_undecided=options["undecided"],
        reveal=options["reveal"],
        commands=frozenset(main.commands),
        baseline=run.baseline is not None or bool(options.get("no_baseline")),
        compared=run.change.compared if run.change is not None else "",
        changed=run.change.changed if run.change is not None else None,
        suspect=run.change.suspect if run.change is not None else None,
        version=__version__,
    )


def _width() -> int:
    return shutil.get_terminal_size((WIDTH, 24)).columns if sys.stdout.isatty() else WIDTH


def _colour(choice: str) -> bool:
    """Whether to colour: as asked, else on a terminal unless ``NO_COLOR`` is set (no-color.org)."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("CLICOLOR_FORCE", "0") != "0":
        return True
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def _show_settings(settings: Settings) -> int:
    click.echo(f"# from {_printable(str(settings.file))}" if settings.file else "# no settings file: the defaults")
    for name, value in settings.shown():
        click.echo(_printable(f"{name} = {value!r}"))
    return 0


_about_files = _options(
    click.option("--show-settings", is_flag=True, help="Print the settings in force, and check nothing."),
    click.option("--show-files", is_flag=True, help="Print the files that would be read, and check nothing."),
)


_about_exceptions = _options(
    click.option("--no-allow", is_flag=True, help="Look past the exceptions beside the code."),
    click.option("--no-baseline", is_flag=True, help="Look past the baseline: what it knows is new."),
    click.option("--policy", metavar="FILE", help="An organisation's settings, which those here can only tighten."),
)

_about_change = _options(
    click.option("--since", metavar="REV", help="Report what the change since this commit brings in."),
    click.option("--staged", is_flag=True, help="Report what the next commit brings in."),
)


@main.command()
@click.argument("paths", nargs=-1, metavar="[PLACE]...")
@click.option("--drill", is_flag=True, help="Plant leaks in a copy, and see whether they are blocked here.")
@_about_change
@_about_output
@_about_exceptions
@_about_settings
@_about_files
def check(paths: tuple[str, ...], *, drill: bool, **options: Any) -> int:
    """Look at code and recorded mail; the one for people, hooks and CI."""
    if drill:
        return _drill(paths, options)
    return _look("check", frozenset({"code", "captures"}), paths, options)


@main.command(hidden=True)
@click.argument("paths", nargs=-1, metavar="[PLACE]...")
@_about_change
@_about_output
@_about_exceptions
@_about_settings
@_about_files
def scan(paths: tuple[str, ...], **options: Any) -> int:
    """Look at code only."""
    return _look("scan", frozenset({"code"}), paths, options)


@main.command(hidden=True)
@click.argument("paths", nargs=-1, metavar="[CAPTURE]...")
@click.option("--affected", is_flag=True, help="After an incident: how many people were shown. Names nobody.")
@click.option("--sample", type=click.IntRange(1), metavar="N", help="Look at N records of each capture, evenly spread.")
@_about_output
@_about_settings
@_about_files
def replay(paths: tuple[str, ...], **options: Any) -> int:
    """Look at recorded mail only."""
    return _look("replay", frozenset({"captures"}), paths, options)


@main.command(hidden=True)
@click.argument("paths", nargs=-1, required=True, metavar="CAPTURE...")
@click.option("--reveal", is_flag=True, help="Print addresses.")
@click.option("--format", "format_name", type=click.Choice(["text", "json"]), default="text", help="How to print it.")
@_about_colour
@_about_settings
def inspect(paths: tuple[str, ...], *, reveal: bool, format_name: str, **options: Any) -> int:
    """Show who sees whom in each request of a capture."""
    from mailguard.inspection import render_json, render_text  # noqa: PLC0415  # not needed for help

    run = _prepare(paths, frozenset({"captures"}), options)
    shown = run.options(
        width=_width(),
        colour=_colour(options["color"]),
        command="inspect",
        commands=frozenset(main.commands),
        reveal=reveal,
        version=__version__,
    )
    render = render_json if format_name == "json" else render_text
    click.echo(render(list(run.inspections()), shown), nl=False, color=True)
    return 0


@main.command(hidden=True)
@click.argument("paths", nargs=-1, required=True, metavar="CAPTURE...")
@click.option(
    "--output", "output", metavar="FILE", help="Where to write it (a folder, for several); else the terminal."
)
@_about_settings
def scrub(paths: tuple[str, ...], *, output: str | None, **options: Any) -> int:
    """Write a capture again with fake addresses, for a commit or a bug report."""
    from mailguard.scrub import ScrubError, write_all  # noqa: PLC0415  # not needed for help

    run = _prepare(paths, frozenset({"captures"}), options)
    try:
        done = write_all(run, output)
    except ScrubError as error:
        return _complain(str(error), EXIT_INTERNAL)
    except OSError as error:
        raise NothingToCheck(f"cannot write {output}: {error.strerror}") from error
    click.echo(done, err=True)
    return 0


@main.command()
@click.argument("subject", required=False, metavar="[RULE|PLACE|API]")
@click.option("--test", "folder", type=click.Path(path_type=Path), help="Run the examples of the rules in a folder.")
@_about_settings
def explain(subject: str | None, folder: Path | None, **options: Any) -> int:
    """Explain a rule, a mail call or a mail service; alone: list them."""
    from mailguard.explain import page, run_examples  # noqa: PLC0415  # loads the wings

    if folder is not None:
        lines, failed = run_examples(folder)
        for line in lines:
            click.echo(_printable(line))
        return 1 if failed else 0
    click.echo(page(subject, lambda paths: _prepare(paths, frozenset({"code", "captures"}), options)), nl=False)
    return 0


@main.command()
@click.argument("place", metavar="PLACE")
@click.option("--reason", required=True, help="Why they may see each other, one line.")
@click.option("--until", metavar="DATE", help="The last day on which it counts, as in 2027-01-31.")
@_about_settings
def allow(place: str, *, reason: str, until: str | None, **options: Any) -> int:
    """Write an exception beside the code, with its reason."""
    from mailguard import adopt  # noqa: PLC0415  # loads the wings

    try:
        end = date.fromisoformat(until) if until else None
    except ValueError:
        raise click.UsageError(f"--until is a date, as in 2027-01-31, not {until}") from None
    run = _prepare(_project(), frozenset({"code"}), options)
    return _keep(run, adopt.allow(run, place, reason, end))


@main.command()
@click.option("--prune", is_flag=True, help="Take off what is gone.")
@click.option("--add", "place", metavar="PLACE", help="Set one more place aside.")
@click.option("--reason", help="Why that place is set aside, one line.")
@_about_settings
def baseline(*, prune: bool, place: str | None, reason: str | None, **options: Any) -> int:
    """Set today's problems aside, so that only new ones stop anybody."""
    from mailguard import adopt  # noqa: PLC0415  # loads the wings

    if prune and place:
        raise click.UsageError("--prune and --add are two steps; one at a time")
    if bool(place) != bool(reason):
        raise click.UsageError('--add and --reason belong together: --add PLACE --reason "..."')
    run = _prepare(_project(), frozenset({"code", "captures"}), options)
    if place:
        return _keep(run, adopt.add(run, place, reason or ""))
    return _keep(run, adopt.prune(run) if prune else adopt.make(run))


def _project() -> tuple[str, ...]:
    """The whole project, also from a folder inside it."""
    from mailguard import discover  # noqa: PLC0415  # see the module's own text

    return (str(discover.tree_of((), Path.cwd()).root),)


def _keep(run: Run, written: Written) -> int:
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
        click.echo(_printable(line))
    return 0


@main.command(hidden=True)
@click.option(
    "--from",
    "source",
    metavar="SOURCE",
    help="Where hook and jobs get mailguard, as pip names it: git+URL and revision, or NAME==VERSION.",
)
@click.option("--policy", metavar="FILE", help="An organisation's settings; then what they find is set aside at once.")
@_about_settings
def init(*, source: str | None, **options: Any) -> int:
    """Look, and write settings, a hook and a workflow where there are none."""
    from mailguard.init import begin, origin_of  # noqa: PLC0415  # loads the wings

    origin = origin_of(source)
    run = _prepare(_project(), frozenset({"code", "captures"}), options)
    for written in begin(run, origin, options["policy"] or ""):
        _keep(run, written)
    return 0


@main.command()
@click.argument("places", nargs=-1, required=True, metavar="PLACE...")
@click.option("--apply", "write", is_flag=True, help="Write the edits.")
@_about_settings
def fix(places: tuple[str, ...], *, write: bool, **options: Any) -> int:
    """Show the repair of a problem as an edit; --apply writes it."""
    from mailguard import repair  # noqa: PLC0415  # loads the codemods
    from mailguard.discover import display_path, place_named  # noqa: PLC0415  # not needed for help

    def prepared() -> Run:
        # The tree as a whole is looked at: after a repair, what was named may have no part in the mail call any more.
        run = _prepare(places, frozenset({"code"}), options)
        return replace(run, tree=replace(run.tree, named=(), stdin=False))

    def look(texts: Mapping[str, bytes]) -> Report:
        run = prepared()
        return replace(run, files=repair.with_texts(run.files, texts)).report()

    run = prepared()
    report = run.report()
    found = []
    for place in places:
        named = place_named(place, Path.cwd())
        path = display_path(os.path.relpath(named.path.resolve(), run.tree.root)) if named else place
        here = repair.chosen(report, path, named.line if named else 0, named.column if named else 0)
        if not here and named and named.line:
            raise NothingToCheck(f"there is no problem at {place}. What there is: mailguard check {path}")
        found += [finding for finding in here if finding not in found]
    outcomes = list(repair.repaired(report, found, look, repair.reader(run.files)))
    try:
        written = repair.write(run.tree.root, outcomes) if write else []
    except OSError as error:
        raise NothingToCheck(f"cannot write {error.filename}: {error.strerror}") from error
    again = " ".join(["mailguard fix", *map(shlex.quote, places), "--apply"])
    for line in repair.shown(outcomes, written=bool(written), command=again) or ["Nothing to repair."]:
        click.echo(line)
    return 0 if all(outcome.edit or not outcome.reason for outcome in outcomes) else 1


@main.command()
@click.argument("paths", nargs=-1, metavar="[REPO]...")
@click.option("--format", "format_name", metavar="FORMAT", help="How to show it: text, json, csv, markdown.")
@click.option(
    "--output", "outputs", multiple=True, metavar="[FORMAT=]FILE", help="Write it to a file; - is the terminal."
)
@_about_colour
@_about_exceptions
@_about_settings
def audit(paths: tuple[str, ...], *, format_name: str | None, outputs: tuple[str, ...], **options: Any) -> int:
    """List every place that can send mail, also where nothing is wrong."""
    from mailguard.audit.collecting import audit_of  # noqa: PLC0415  # loads the wings
    from mailguard.audit.pages import PAGES  # noqa: PLC0415  # the same
    from mailguard.audit.text import render_brief  # noqa: PLC0415  # the same

    suffixes = {name: page.suffixes for name, page in PAGES.items()}
    wanted = _outputs(format_name, outputs, sorted(PAGES), concise=False, suffixes=suffixes)
    run = _watched(_prepare(paths, frozenset({"code", "captures"}), options), options)
    found = audit_of(run)
    # Where all of it goes to files, what stands on top of it is enough on the terminal.
    brief = any(output.file != "-" for output in wanted) and "-" not in {spec.rpartition("=")[2] for spec in outputs}
    for output in sorted(wanted, key=lambda output: output.file != "-"):
        terminal = output.file == "-"
        shown = run.options(
            width=_width() if terminal else WIDTH,
            colour=terminal and _colour(options["color"]),
            command="audit",
            commands=frozenset(main.commands),
            version=__version__,
        )
        text = (render_brief if terminal and brief else PAGES[output.format].render)(found, shown)
        if terminal:
            click.echo(text, nl=False, color=True)
        else:
            _write_file(output.file, text, run.tree.root)
            click.echo(_printable(f"{output.file}: {PAGES[output.format].title}."), err=not brief)
    return found.exit_code


@main.command()
@_about_failures
def demo(*, debug: bool) -> int:
    """Replay the mail of 1 November 2019, and its repair."""
    del debug  # read where the failure is reported
    from mailguard.demo import tell  # noqa: PLC0415  # loads everything

    lines, happened = tell()
    for line in lines:
        click.echo(line)
    return 0 if happened else 1


@main.command("help", hidden=True)
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
        from mailguard import capture, gate  # noqa: PLC0415  # the neck loads the wings
        from mailguard.terminal import wrapped  # noqa: PLC0415  # only here

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
