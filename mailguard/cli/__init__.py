"""The command line. The only importer of click.

Commands load what they need when they run, so that help and mistakes are answered
at once. Every way out has its exit code: 0 nothing at or above the gate, 1 a
finding that closes it, 2 a wrong command or settings, 3 something that may matter
was not read, or mailguard itself failed.

The rooms: the group of commands (``group``), what several of them take (``options``), from that to a run (``preparing``),
what is printed and written (``writing``, ``remembering``), what goes wrong (``failing``); and the commands themselves
(``looking``, ``captures``, ``changing``, ``telling``).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from mailguard.baseline import BaselineError
from mailguard.cli import captures, changing, looking, telling
from mailguard.cli.failing import EXIT_INTERNAL, EXIT_INTERRUPTED, EXIT_USAGE, complain, internal_error
from mailguard.cli.group import SHOWN, main
from mailguard.cli.remembering import Asked
from mailguard.config import SettingsError
from mailguard.discover import NothingToCheck
from mailguard.rulebook.rules import RulesError
from mailguard.shelf import ShelfError
from mailguard.streams import UNWRITABLE, drop_output

__all__ = ["SHOWN", "main", "run"]

for _command in (
    *(looking.check, looking.scan, looking.replay),
    *(captures.inspect, captures.scrub),
    *(changing.fix, changing.allow, changing.baseline, changing.init),
    *(telling.explain, telling.audit, telling.demo, telling.help_command),
):
    main.add_command(_command)


def run(arguments: Sequence[str], started: int = 0) -> int:
    """Run the command line with ``arguments``; returns the exit code and never raises.

    ``started`` is when the process began, in nanoseconds of the clock; what it comes to is remembered if it is given.
    """
    asked = Asked(arguments, started) if started else None
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is escaped; it must not end the run.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    try:
        code = main.main(list(arguments), prog_name="mailguard", standalone_mode=False, obj=asked)
        sys.stdout.flush()
    except click.exceptions.Exit as error:
        return error.exit_code
    except click.exceptions.Abort:
        return EXIT_INTERRUPTED
    except click.UsageError as error:
        command = f"{error.ctx.command_path} --help" if error.ctx else "mailguard --help"
        return complain(f"{error.format_message()}\nHelp: {command}", EXIT_USAGE)
    except click.ClickException as error:
        return complain(error.format_message(), EXIT_USAGE)
    except (SettingsError, NothingToCheck, RulesError, ShelfError, BaselineError) as error:
        return complain(str(error), EXIT_USAGE)
    except BrokenPipeError:
        drop_output()  # whoever read the report has left
        return EXIT_INTERNAL
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except OSError as error:
        if error.errno in UNWRITABLE and error.filename is None:
            drop_output()
            return complain(f"cannot write the report: {error.strerror}", EXIT_USAGE)
        if isinstance(error, FileNotFoundError) and error.filename is None:
            return complain("the folder that this was started in is gone.", EXIT_USAGE)  # ``getcwd`` names no file
        return complain(internal_error(error, debug="--debug" in arguments), EXIT_INTERNAL)
    except Exception as error:  # noqa: BLE001  # whatever it is, a traceback would print what it holds
        return complain(internal_error(error, debug="--debug" in arguments), EXIT_INTERNAL)
    return code if isinstance(code, int) else 0
