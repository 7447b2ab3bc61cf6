"""A scenario file, read: text in, `Scenario` out, or every problem at once.

The steps of reading: bounds of the text itself, TOML and the places in it (`usual_toml.py`), keys
(`keys.py`), steps into nodes (`lines.py`), and a first expansion that shows whether names exist
(`expand.py`). Each notes what is wrong and the next goes on with what is left.
"""

from __future__ import annotations

import msgspec

from imcli.scenario.reading.expand import iter_cases
from imcli.scenario.reading.key_reader import KeyReader
from imcli.scenario.reading.keys import (
    check_format,
    note_landed,
    note_unknown_keys,
    read_covers,
    read_known_failing,
    read_needs,
    read_steps,
    read_tags,
    read_timing,
)
from imcli.scenario.reading.keys_names import (
    read_cast,
    read_exclude,
    read_ids,
    read_matrix,
    read_verbs,
)
from imcli.scenario.reading.layout import Layout, TooDeep
from imcli.scenario.reading.lines import read_nodes
from imcli.scenario.reading.one_line import cast_of, split_at_commas
from imcli.scenario.reading.own_profile import JudgeProfile, note_profile, read_profile
from imcli.scenario.reading.problems import Problems
from imcli.scenario.reading.recursion import note_recursion
from imcli.scenario.reading.toml_text import TomlFault
from imcli.scenario.reading.usual_toml import read_placed_toml
from imcli.scenario.reading.written import Place, Scenario
from imcli.scenario.syntax import Case, Span, Step
from imcli.scenario.table.tokens import CONTROL
from imcli.targets.base import Cast

TRY = "try"
FILE_SIZE_MAX = 1 << 20
"""Bytes of a scenario file."""

Parsed = tuple[Scenario, dict[str, object], Layout]
"""A file that was read: what it says, and the TOML that it is, with the places in it."""


def parse_scenario(text: str, file: str, judge: JudgeProfile | None = None) -> Scenario:
    """Read one file.

    Args:
        text: the text of the file.
        file: its path as the user gave it; used in messages and as the case's name.
        judge: says what is wrong with the file's own profile; without it any is taken for right.

    Raises:
        InvalidScenario: something is wrong; all that could be found is in it.
    """
    return parse_placed(text, file, judge)[0]


def parse_placed(text: str, file: str, judge: JudgeProfile | None = None) -> Parsed:
    """Read one file as `parse_scenario` does, and keep where everything stands.

    Raises:
        InvalidScenario: something is wrong.
    """
    problems = Problems()
    text = clean_text(text)
    _check_text(text, file, problems)
    lines = tuple(text.split("\n"))
    problems.raise_if_any(lines)
    data, layout = _read(text, file, lines, problems)
    reader = KeyReader(data, layout, file, problems)
    scenario = _scenario(reader, file, lines)
    if judge is not None and scenario.profile is not None:
        note_profile(reader, scenario, judge)
    last = None
    if not note_recursion(scenario.verbs, problems):
        for case in iter_cases(scenario, problems):
            last = case
            if problems.full:
                break
        if last is None and not problems.found:
            problems.add(reader.key_span(("matrix",)), "every case of the matrix is excluded")
    problems.raise_if_any(lines)
    if not scenario.matrix:
        scenario = msgspec.structs.replace(scenario, ready=last)
    return scenario, data, layout


def clean_text(text: str) -> str:
    """Take away a byte order mark and the carriage returns of other systems."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _check_text(text: str, file: str, problems: Problems) -> None:
    """Refuse what no file may be: too big, or with control characters in it."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
    if size > FILE_SIZE_MAX:
        problems.add(Span(file, 1, 1), "the file is larger than 1 MiB")
        return
    shown = text.replace("\n", " ").replace("\t", " ")
    found = None if shown.isprintable() else CONTROL.search(shown)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        message = f"the control character U+{ord(found.group()):04X}"
        problems.add(Span(file, line, column), message)


def _read(
    text: str, file: str, lines: tuple[str, ...], problems: Problems
) -> tuple[dict[str, object], Layout]:
    try:
        return read_placed_toml(text)
    except TomlFault as fault:
        problems.add(Span(file, fault.line, fault.column), fault.message, hint=fault.hint)
    except TooDeep as fault:
        line = text.count("\n", 0, fault.offset) + 1
        problems.add(Span(file, line, 1), "arrays or tables are nested too deeply")
    problems.raise_if_any(lines)
    raise AssertionError("a problem was noted")


def parse_try(text: str) -> Case:
    """Read a scenario of one line: `A deletes B; B sends; assert A sees the conversation`.

    A comma ends a step where a sentence begins behind it. Users and devices are those named, in
    order; a user of whom no device is named has a phone.

    Raises:
        InvalidScenario: something is wrong.
    """
    problems = Problems()
    lines = tuple(text.split("\n"))
    _check_text(text, TRY, problems)
    problems.raise_if_any(lines)
    nodes = read_nodes(
        ((line, Place(TRY, number, 1)) for number, line in enumerate(lines, 1)),
        (),
        problems,
    )
    nodes = split_at_commas(nodes)
    if not nodes and not problems.found:
        problems.add(Span(TRY, 1, 1), "there is no step", "B sends A; assert A sees B")
    scenario = Scenario(TRY, text.strip(), lines, cast_of(nodes, problems), nodes)
    found = list(iter_cases(scenario, problems))
    problems.raise_if_any(lines)
    return found[0]


def parse_sentences(text: str, cast: Cast, file: str = "sentences") -> tuple[Step, ...]:
    """Read steps for a cast that is known already, as they would stand in `steps`.

    Raises:
        InvalidScenario: something is wrong.
    """
    problems = Problems()
    lines = tuple(text.split("\n"))
    source = ((line, Place(file, number, 1)) for number, line in enumerate(lines, 1))
    nodes = read_nodes(source, (), problems)
    scenario = Scenario(file, file, lines, cast, nodes)
    found = list(iter_cases(scenario, problems))
    problems.raise_if_any(lines)
    return found[0].steps


def _scenario(reader: KeyReader, file: str, lines: tuple[str, ...]) -> Scenario:
    """Read the keys; names first, since steps use them."""
    check_format(reader)
    note_unknown_keys(reader)
    landed = note_landed(reader)
    title = reader.text("title", required=not landed)
    cast = read_cast(reader)
    matrix = read_matrix(reader)
    verbs = read_verbs(reader)
    scenario = Scenario(
        path=file,
        title=title,
        lines=lines,
        cast=cast,
        steps=read_steps(reader, "steps", required=not landed),
        given=read_steps(reader, "given"),
        cleanup=read_steps(reader, "cleanup"),
        about=reader.text("about", long=True),
        covers=read_covers(reader),
        tags=read_tags(reader),
        needs=read_needs(reader),
        profile=read_profile(reader),
        timing=read_timing(reader),
        matrix=matrix,
        exclude=read_exclude(reader, matrix),
        known_failing=read_known_failing(reader),
        verbs=verbs,
    )
    if "ids" not in reader.data:
        return scenario
    ids = read_ids(reader, scenario)
    return msgspec.structs.replace(scenario, cast=msgspec.structs.replace(cast, ids=ids))
