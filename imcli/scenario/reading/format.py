"""The canonical form of a file: what `format-scenario` writes.

Every sentence in its one canonical form, blocks indented by two spaces, columns of tables aligned,
one blank line between tables of TOML at most. Comments stay, and stay where they stand. Nothing
that a file says is changed: parsing the result gives the same scenario, and formatting it again
changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from imcli.scenario.reading.layout import Layout, Path
from imcli.scenario.reading.own_profile import JudgeProfile
from imcli.scenario.reading.parse import parse_placed
from imcli.scenario.reading.said import Assertion, Opening, Sentence, StepFault
from imcli.scenario.reading.state_table import cell_text, split_cells
from imcli.scenario.reading.steps import read_step, write_step
from imcli.scenario.reading.toml_text import read_toml_string
from imcli.scenario.table.tokens import CutLine, Token, cut_line, join_tokens, write_text

INDENT = 2
STEP_KEYS = ("given", "steps", "cleanup")


def format_scenario(text: str, file: str = "scenario", judge: JudgeProfile | None = None) -> str:
    """Write a scenario in its canonical form.

    Args:
        text: the text of the file.
        file: its path, for messages.
        judge: says what is wrong with the file's own profile, as for `parse_scenario`.

    Raises:
        InvalidScenario: the file is wrong; nothing is formatted then.
    """
    scenario, data, layout = parse_placed(text, file, judge)
    names = frozenset(name for name, _ in scenario.matrix)
    verbs = tuple(verb.name for verb in scenario.verbs)
    edits = [*_spaces(layout), *_step_strings(layout, data, names, verbs)]
    return _join(layout, edits)


Edit = tuple[int, int, str]


def _spaces(layout: Layout) -> Iterator[Edit]:
    """Put one space on each side of every `=`."""
    for start, end in {
        (spot.key_end, spot.start) for spot in layout.spots.values() if spot.key_start != spot.start
    }:
        yield start, end, " = "


def _step_strings(
    layout: Layout, data: dict[str, object], names: frozenset[str], verbs: Sequence[str]
) -> Iterator[Edit]:
    """Format every string that holds steps."""
    for path in _step_paths(data):
        spot = layout.spot(path)
        assert spot is not None, "what has a value has a place"
        raw = layout.text[spot.start : spot.end]
        writer = _Writer(names, verbs)
        yield spot.start, spot.end, _rewrite(raw, writer)


def _step_paths(data: dict[str, object]) -> Iterator[Path]:
    verbs = data.get("verbs", {})
    assert isinstance(verbs, dict), "the file has been parsed"
    holders: list[tuple[Path, object]] = [((key,), data.get(key)) for key in STEP_KEYS]
    holders += [(("verbs", verb), value) for verb, value in verbs.items()]
    for path, value in holders:
        if isinstance(value, str):
            yield path
        elif isinstance(value, list):
            yield from ((*path, index) for index in range(len(value)))


def _rewrite(raw: str, writer: _Writer) -> str:
    value = read_toml_string(raw)
    if raw[:3] in ("'''", '"""'):
        return _long_string("".join(f"{line}\n" for line in writer.lines(value.split("\n"))))
    indent = " " * (len(value) - len(value.lstrip(" ")))
    lines = [indent + line for line in writer.lines(value.split("\n"))]
    formatted = "\n".join(lines)
    if raw[0] == "'" and "'" not in formatted and "\n" not in formatted:
        return f"'{formatted}'"
    return write_text(formatted)


def _long_string(lines: str) -> str:
    """Write lines as one string: without escapes, unless they hold what would end such a string."""
    if "'''" not in lines:
        return f"'''\n{lines}'''"
    escaped = lines.replace("\\", "\\\\").replace('"""', '""\\"')
    return f'"""\n{escaped}"""'


class _Writer:
    """Writes the lines of one string of steps."""

    def __init__(self, names: frozenset[str], verbs: Sequence[str]) -> None:
        self.names = names
        self.verbs = verbs

    def lines(self, lines: list[str]) -> list[str]:
        """Give the canonical lines: blank ones at most one at a time, none at the ends."""
        cuts = [(line, cut_line(line)) for line in lines]
        depths = _depths(cuts)
        written: list[str] = []
        widths: list[int] = []
        for at, (line, cut) in enumerate(cuts):
            if not line.strip():
                if written and written[-1]:
                    written.append("")
                continue
            widths = _table_widths(cuts, depths, at) if _opens_table(cut) else widths
            in_table = depths[at] >= 0 and _in_table(cuts, depths, at)
            text = self._row(cut, widths) if in_table else self._steps(cut)
            written.append(_with_comment(" " * (INDENT * max(0, depths[at])) + text, cut))
        while written and not written[-1]:
            written.pop()
        return written

    def _steps(self, cut: CutLine) -> str:
        return "; ".join(self._step(tokens) for tokens in cut.steps)

    def _step(self, tokens: tuple[Token, ...]) -> str:
        """Write one step; one with matrix names or of the file's own verbs keeps its words."""
        if any(_varies(token, self.names) for token in tokens):
            return join_tokens(tokens)
        try:
            step = read_step(tokens, self.verbs)
        except StepFault:
            return join_tokens(tokens)
        match step:
            case Sentence() | Assertion():
                return write_step(step)
            case Opening(kind="repeat", times=times):
                return f"repeat {times}:"
            case _:
                return join_tokens(tokens)

    def _row(self, cut: CutLine, widths: list[int]) -> str:
        if not cut.steps:
            return ""
        cells = [cell_text(cell) for cell in split_cells(cut.steps[0])]
        padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=False))
        return "  ".join(padded).rstrip()


def _varies(token: Token, names: frozenset[str]) -> bool:
    return "$" in token.text and any(f"${name}" in token.text for name in names)


Cuts = list[tuple[str, CutLine]]


def _depths(cuts: Cuts) -> list[int]:
    """Tell how deep each line stands in blocks; a comment stands where the next step does."""
    depths: list[int] = []
    outer: list[int] = []
    for _, cut in cuts:
        if not cut.steps:
            depths.append(-1)
            continue
        while outer and cut.indent <= outer[-1]:
            outer.pop()
        depths.append(len(outer))
        if cut.opens:
            outer.append(cut.indent)
    last = 0
    for at in range(len(depths) - 1, -1, -1):
        if depths[at] < 0:
            depths[at] = last
        else:
            last = depths[at]
    return depths


def _opens_table(cut: CutLine) -> bool:
    return cut.opens and cut.steps[-1][-2].text == "table"


def _in_table(cuts: Cuts, depths: list[int], at: int) -> bool:
    """Tell whether a line is a row: whether the nearest less deep line above opens a table."""
    for above in range(at - 1, -1, -1):
        if cuts[above][1].steps and depths[above] < depths[at]:
            return _opens_table(cuts[above][1])
    return False


def _table_widths(cuts: Cuts, depths: list[int], at: int) -> list[int]:
    """Measure the columns of the table whose head is the line `at`."""
    widths: list[int] = []
    for below in range(at + 1, len(cuts)):
        cut = cuts[below][1]
        if not cut.steps:
            continue
        if depths[below] <= depths[at]:
            break
        for column, cell in enumerate(split_cells(cut.steps[0])):
            width = len(cell_text(cell))
            if column < len(widths):
                widths[column] = max(widths[column], width)
            else:
                widths.append(width)
    return widths


def _with_comment(text: str, cut: CutLine) -> str:
    """Put a comment where it stood, or two spaces behind the step where that is no longer free."""
    if not cut.comment:
        return text
    if not cut.steps:
        return text + cut.comment
    column = max(cut.comment_start, len(text) + 2)
    return text.ljust(column) + cut.comment


def _join(layout: Layout, edits: Sequence[Edit]) -> str:
    """Put the file together: its statements with their edits, and what stands between them."""
    ordered = sorted(edits)
    out: list[str] = []
    at = 0
    done = 0
    for start, end in layout.statements:
        header = layout.text[start] == "["
        out.append(_between(layout.text[at:start], first=not out, header=header))
        here = done
        while here < len(ordered) and ordered[here][0] < end:
            here += 1
        out.append(_edited(layout.text, start, end, ordered[done:here]))
        done = here
        at = end
    rest = layout.text[at:]
    if not rest.endswith("\n"):  # the last line of a file may be a comment without an end
        rest += "\n"
    out.append(_between(rest, first=not out, header=False).rstrip("\n") + "\n")
    return "".join(out)


def _edited(text: str, start: int, end: int, edits: Sequence[Edit]) -> str:
    parts: list[str] = []
    for first, last, new in edits:
        parts += (text[start:first], new)
        start = last
    parts.append(text[start:end])
    return "".join(parts)


def _between(gap: str, *, first: bool, header: bool) -> str:
    """Write what stands between two statements: a comment behind, comments, blank lines."""
    behind, newline, rest = gap.partition("\n")
    lines = [line.strip() for line in rest.split("\n")[:-1]] if newline else []
    if first:
        lines = [line.strip() for line in gap.split("\n")[:-1]]
        behind = ""
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]) or (not kept and not first):
            kept.append(line)
    if header and not first and "" not in kept:
        kept.insert(0, "")
    comment = behind.strip()
    if comment and not behind.startswith(" "):
        comment = f"  {comment}"
    elif comment:
        comment = behind.rstrip()
    return ("" if first else comment + "\n") + "".join(f"{line}\n" for line in kept)
