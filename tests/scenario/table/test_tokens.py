from __future__ import annotations

import pytest

from imcli.scenario.table.tokens import (
    LexFault,
    cut_line,
    join_tokens,
    read_json,
    read_text,
    write_text,
)


def kinds(line: str) -> list[tuple[str, str]]:
    return [(token.kind, token.text) for step in cut_line(line).steps for token in step]


def test_a_line_is_cut_at_semicolons_and_tokens_know_their_places() -> None:
    first, second = cut_line('B sends A "a; b"; A.web deletes B').steps
    assert [token.text for token in first] == ["B", "sends", "A", '"a; b"']
    assert (second[0].text, second[0].start, second[0].end) == ("A.web", 18, 23)


def test_a_hash_before_a_letter_is_a_group_and_before_anything_else_a_comment() -> None:
    cut = cut_line("A deletes #team # gone")
    assert kinds("A deletes #team # gone")[-1] == ("group", "#team")
    assert (cut.comment, cut.comment_start) == ("# gone", 16)


def test_a_line_that_begins_with_a_hash_is_a_comment() -> None:
    cut = cut_line("  #team is mentioned")
    assert (cut.steps, cut.comment, cut.comment_start) == ((), "#team is mentioned", 2)


def test_a_line_tells_how_deep_it_stands_and_whether_it_opens_a_block() -> None:
    cuts = [cut_line(line) for line in ("  repeat 3:", "A deletes B", "    assert table:", "A :")]
    assert [(cut.indent, cut.opens) for cut in cuts] == [
        (2, True),
        (0, False),
        (4, True),
        (0, False),
    ]


def test_both_apostrophes_are_read_alike_and_texts_keep_theirs() -> None:
    assert kinds("A’s devices") == kinds("A's devices")
    assert kinds('"A’s"') == [("string", '"A’s"')]


def test_json_may_hold_semicolons_and_hashes() -> None:
    assert kinds('x {"a": "; # }", "b": {}} y')[1] == ("json", '{"a": "; # }", "b": {}}')


@pytest.mark.parametrize(
    ("line", "message", "start"),
    [
        ("B\tsends", "a tab; steps are indented with spaces", 1),
        ("B \x07", "the control character U+0007", 2),
        ('B sends "x', 'this text has no closing "', 8),
        ("B sends 'x'", "texts stand in double quotes", 8),
        ("x {", "this { is never closed on its line", 2),
        ("x }", "a stray }", 2),
        ('x "\\q"', "a wrong escape in this text", 2),
        ('x "\\ud800"', "half of a surrogate pair in this text", 2),
        ("x " + '{"a":' * 40, "JSON is nested deeper than 32 levels", 162),
    ],
)
def test_what_cannot_be_cut_is_refused_at_its_place(line: str, message: str, start: int) -> None:
    with pytest.raises(LexFault) as caught:
        cut_line(line)
    assert caught.value.message == message
    assert caught.value.start == start


@pytest.mark.parametrize(
    "text",
    ["", "hi", 'say "hi"', "a\nb\t", "\x00\x1b\x7f\u2028", "héllo 你好 😀", "\\", "a\u202eb\ufeff"],
)
def test_a_written_text_is_read_back_as_it_was(text: str) -> None:
    assert read_text(write_text(text)) == text
    assert kinds(write_text(text)) == [("string", write_text(text))]


@pytest.mark.parametrize(
    "text", ['{"a":}', '{"a": NaN}', "{'a': 1}", '{"a": "\\ud800"}', '{"n": ' + "9" * 5000 + "}"]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(LexFault):
        read_json(text)


def test_tokens_are_joined_with_single_spaces() -> None:
    (tokens,) = cut_line("assert   A’s   history  with B is m1 ,m2").steps
    assert join_tokens(tokens) == "assert A's history with B is m1, m2"


HIDDEN = "\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"


@pytest.mark.parametrize("character", HIDDEN)
def test_what_turns_the_direction_of_writing_or_has_no_width_is_written_as_an_escape(
    character: str,
) -> None:
    escape = f"\\u{ord(character):04x}"
    assert write_text(f"a{character}b") == f'"a{escape}b"'
    assert read_text(write_text(f"a{character}b")) == f"a{character}b"
    assert read_json(f'{{"a{character}": "\\\\{character}"}}') == f'{{"a{escape}": "\\\\{escape}"}}'
    (tokens,) = cut_line(f'B sends "$n\\\\{character}"').steps
    assert join_tokens(tokens) == f'B sends "$n\\\\{escape}"'


def test_joiners_are_parts_of_words_and_emoji_and_stay() -> None:
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u0645\u06cc\u200c\u062e"
    assert write_text(family) == f'"{family}"'
