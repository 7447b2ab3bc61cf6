"""What a command holds in its hand: the world, its options, a voice for stderr and one for stdout.

stdout is data and is written once, when the command knows its answer; stderr is talk. A command
that fails has written nothing to stdout.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from imcli.cli.config import Setting, Settings
from imcli.cli.options import Options
from imcli.cli.text import visible_lines, without_passwords
from imcli.cli.world import World, is_terminal
from imcli.model.errors import UsageError

if TYPE_CHECKING:
    import typer

    from imcli.cli.tables import Record, Table
    from imcli.cli.targets import Place

RED, YELLOW, BOLD, RESET = "\x1b[31m", "\x1b[33m", "\x1b[1m", "\x1b[0m"


class Shell:
    """One run of one command."""

    def __init__(self, world: World, options: Options | None = None) -> None:
        self.world = world
        self.options = options or Options()
        self.settings = Settings(world)
        self.place: Place | None = None
        self._captured: list[str] | None = None
        self._noted: set[str] = set()

    # Settings

    def setting(self, key: str, default: str) -> Setting:
        """What holds for a key, by precedence."""
        setting = self.settings.get(key, str(getattr(self.options, key)), default)
        if setting.source not in ("default", f"--{key}") and key not in self._noted:
            self._noted.add(key)
            self.note(f"{key} is {without_passwords(setting.value)} (from {setting.source})")
        return setting

    def check_settings(self, names: tuple[str, ...]) -> None:
        """Look up how to print before anything is done: a mistake there must not come after it.

        Raises:
            UsageError: a flag or the environment has a wrong value.
            InvalidInput: a configuration file is invalid.
        """
        for key in ("output", "color"):
            if key in names:
                self.setting(key, "")

    @property
    def form(self) -> str:
        """The output format."""
        return self.setting("output", "table").value

    def colored(self, *, error: bool = False) -> bool:
        """Whether colour goes to stdout (or to stderr)."""
        wanted = self.setting("color", "auto").value
        if wanted != "auto":
            return wanted == "always"
        env = self.world.env
        if env.get("NO_COLOR"):
            return False
        stream = self.world.stderr if error else self.world.stdout
        return bool(env.get("FORCE_COLOR")) or (
            is_terminal(stream) and env.get("TERM", "dumb") != "dumb"
        )

    # stderr

    def tell(self, text: str) -> None:
        """Write a line to stderr, whatever the options say."""
        self.world.stderr.write(visible_lines(text) + "\n")
        self.world.stderr.flush()

    def say(self, text: str) -> None:
        """Talk, unless `--quiet`."""
        if not self.options.quiet:
            self.tell(text)

    def note(self, text: str) -> None:
        """Talk only with `--verbose`."""
        if self.options.verbose and not self.options.quiet:
            self.tell(text)

    # stdout

    def write(self, text: str) -> None:
        """Write data to stdout, with its line end; an empty text is nothing."""
        if text and self._captured is not None:
            self._captured.append(text)
        elif text:
            self.world.stdout.write(text + "\n")

    @contextmanager
    def captured(self) -> Iterator[list[str]]:
        """Collect what would be printed, instead of printing it; "nothing there" too."""
        found: list[str] = []
        self._captured = found
        try:
            yield found
        finally:
            self._captured = None

    def show(self, table: Table) -> None:
        """Print a listing in the format asked for."""
        from imcli.cli.output import carries_only_ascii, listing

        form, stream = self.form, self.world.stdout
        if not table.rows and form in ("table", "plain"):
            if self._captured is None:
                self.say(table.empty)
            elif form == "table":
                self.write(visible_lines(table.empty))
            return
        terminal = is_terminal(stream) or self.setting("color", "auto").value == "always"
        self.write(
            listing(
                table,
                form,
                terminal=terminal,
                columns=self.world.columns,
                color=terminal and self.colored(),
                ascii_only=carries_only_ascii(stream),
            )
        )

    def show_one(
        self, record: Record, sentence: str, cells: tuple[str, ...], *, asked_for: bool = False
    ) -> None:
        """Print the result of one action, or with `asked_for` the answer to a question.

        What is said to people of an action yields to `--quiet`; an answer is what they came for.
        """
        from imcli.cli.output import carries_only_ascii, single

        form = self.form
        if form == "table" and self.options.quiet and not asked_for:
            return
        stream = self.world.stdout
        self.write(single(record, sentence, cells, form, ascii_only=carries_only_ascii(stream)))

    # Questions

    def confirm(self, question: str, *, without_terminal: str) -> bool:
        """Ask a yes-or-no question on stderr; only `y` or `yes` is a yes.

        Raises:
            UsageError: nobody is there to answer and `--yes` was not given.
        """
        if self.options.yes:
            return True
        if not self.world.can_ask:
            raise UsageError(without_terminal, hint="add --yes to do it without being asked")
        self.world.stderr.write(visible_lines(question) + " [y/N] ")
        self.world.stderr.flush()
        return self.world.stdin.readline().strip().lower() in ("y", "yes")


def shell_of(context: typer.Context) -> Shell:
    """The shell of a command that typer called."""
    shell = context.obj
    assert isinstance(shell, Shell), "app.py puts a Shell into every context"
    return shell
