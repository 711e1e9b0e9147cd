"""The group of all commands, and what it says without one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click

from mailguard import __version__
from mailguard.config import nearest_name

FIRST_STEP: Final = """\
mailguard finds the line of code that will show your customers to each other.

  mailguard check          look at this project; nothing is sent, nothing of it is run
  mailguard demo           the mail of 1 November 2019, replayed in a temporary folder

All commands: mailguard --help
"""

SHOWN: Final = ("check", "fix", "explain", "allow", "baseline", "audit", "demo")
"""The commands that help shows, in this order."""

WIDTH: Final = 100
"""Columns where there is no terminal."""


class Commands(click.Group):
    """The commands; a path in place of a command is ``check`` of it."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant. Raises ``click.UsageError`` with the nearest one."""
        name = args[0]
        if name not in self.commands and not name.startswith("-"):
            if Path(name.split(":")[0]).exists() or os.sep in name:
                return super().resolve_command(ctx, ["check", *args])
            raise click.UsageError(f'there is no command "{name}". {nearest_name(name, sorted(self.commands))}', ctx)
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Those that help shows."""
        del ctx
        return list(SHOWN)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Say where the others are."""
        del ctx
        formatter.write("\nmore: mailguard help all\n")


@click.group(
    cls=Commands,
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
