from __future__ import annotations

import pytest

from imcli.model.entities import DeviceSpec
from imcli.model.errors import InvalidInput
from imcli.scenario.reading.expand import cases
from imcli.scenario.reading.parse import parse_scenario
from imcli.scenario.reading.problems import InvalidScenario
from imcli.scenario.syntax import Timing
from imcli.targets.base import Cast
from tests.scenario.language import TWO, problems_of, read, scenario_text, wrong

SEED = """\
title = "A conversation that A deleted comes back when B writes again"
covers = ["WuKongIM#343", "WuKongIM#328"]
tags = ["delete", "one-way"]
users = { A = ["phone", "web"], B = ["phone"] }

steps = '''
B sends A "hi" as m1
assert A sees B with 1 unread, last m1
server flushes                     # WuKongIM stores the row only now
A.phone deletes B
assert A does not see B            # on every device
B sends A "are you there?" as m2
assert A sees B with last m2, messages m2
assert B's history with A is m1, m2
'''

[known_failing]
"wukongim < 2.1.5" = "WuKongIM#343"    # 2.1.4 repaired the deletion, 2.1.5 made it usable
"""

SHORTEST = """\
title = "The bug in three steps"
users = ["A", "B"]
steps = ["B sends", "A deletes B", "B sends", "assert A sees the conversation"]
"""


def messages(text: str) -> list[str]:
    return [problem.message for problem in problems_of(text)]


def test_the_seed_case_is_read_whole() -> None:
    (case,) = cases(parse_scenario(SEED, "seed.toml"))
    assert case.title == "A conversation that A deleted comes back when B writes again"
    assert case.covers == ("WuKongIM#343", "WuKongIM#328")
    assert case.tags == ("delete", "one-way")
    assert case.cast == Cast(
        (
            ("A", (DeviceSpec("phone"), DeviceSpec("web", "web"))),
            ("B", (DeviceSpec("phone"),)),
        )
    )
    assert [str(step.span) for step in case.steps][:2] == ["seed.toml:7:1", "seed.toml:8:1"]
    (known,) = case.known_failing
    assert (known.target, known.because, known.span.line) == (
        "wukongim < 2.1.5",
        "WuKongIM#343",
        18,
    )
    assert case.lines[8] == "server flushes                     # WuKongIM stores the row only now"


def test_the_shortest_file_is_read_as_it_stands() -> None:
    (case,) = cases(parse_scenario(SHORTEST, "short.toml"))
    assert [step.text for step in case.steps] == [
        'B sends A "message 1"',
        "A deletes B",
        'B sends A "message 2"',
        "assert A sees B",
    ]
    assert [step.span.column for step in case.steps] == [11, 22, 37, 48]


def test_every_key_is_read() -> None:
    text = '''
format = 1
title = "t"
about = """
Two
lines"""
covers = ["spec:delete", "https://example.org/1", "a/b#1"]
users = { A = ["phone", "kiosk:web:slave"], B = ["desktop"] }
ids = { A = "a:1" }
groups = { team = ["A", "B"] }
profile = { extends = "reference", delete_scope = "two-way" }
given = "B sends A"
steps = ["A deletes #team"]
cleanup = "A leaves #team"
needs = ["crash"]
timing = { within = "1s", settle = "100ms", limit = "5m" }
'''
    (case,) = cases(parse_scenario(text, "all.toml"))
    assert case.about == "Two\nlines"
    assert case.cast.users[0][1][1] == DeviceSpec("kiosk", "web", "slave")
    assert case.cast.ids == (("A", "a:1"),)
    assert case.cast.groups == (("#team", ("A", "B")),)
    assert case.profile == {"extends": "reference", "delete_scope": "two-way"}
    assert case.needs == ("crash",)
    assert case.timing == Timing(1_000, 100, 300_000)
    assert (len(case.given), len(case.cleanup)) == (1, 1)


def test_a_profile_may_be_a_name() -> None:
    assert read("B sends", head=TWO + 'profile = "rejects"\n').profile == {"extends": "rejects"}
    assert read("B sends").profile is None


def test_all_problems_of_a_file_are_reported_at_once_in_its_order() -> None:
    text = (
        SEED.replace("deletes B", "delets B").replace("tags", "tag").replace("last m2", "last m9")
    )
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(text, "seed.toml")
    assert [(p.span.line, p.span.column) for p in caught.value.found] == [(3, 1), (10, 9), (13, 27)]
    assert caught.value.message == "3 problems in seed.toml"
    assert caught.value.exit_status == InvalidInput.exit_status


def test_a_problem_shows_place_line_caret_expectation_and_nearest_sentence() -> None:
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(scenario_text("A.web  delets B   # why"), "x.toml")
    assert caught.value.problems == (
        "x.toml:4:8  unknown action `delets`\n"
        "   4 │ A.web  delets B   # why\n"
        "     │        ^^^^^^\n"
        "  expected: a verb, as in A deletes B\n"
        "  nearest:  A.web deletes B",
    )


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("A delets B", "A deletes B"),
        ("assert A see B", "assert A sees B"),
        ("A sees B", "assert A sees B"),
        ("assert A deletes B", "A deletes B"),
        ("admin kick A", "admin kicks A"),
        ("assert A sees B wiht 1 unread", "assert A sees B with 1 unread"),
        ("asert A sees B", "assert A sees B"),
        ("A deletes", "A deletes B"),
        ("wait 5", "wait 5s"),
        ("repeat 3", "repeat 3:"),
        ("A clears B nwo", "A clears B"),
        ("assert A not sees B", "assert A does not see B"),
        ("assert A sees not B", "assert A does not see B"),
        ("assert A not received m1", "assert A did not receive m1"),
        ("A kicks B", "admin kicks B"),
        ("A bans #team", "admin bans #team"),
        ("A flushes", "server flushes"),
        ("table:", "assert table:"),
        ("assert A table:", "assert table:"),
        ("assert table", "assert table:"),
        ("B sends A with command, command", "B sends A with command"),
        ("B sends A with expire 1s, expire 2s, no-persist", "B sends A with no-persist, expire 1s"),
        ("assert A sees only B, B", "assert A sees only B"),
        ("A blocks A", "A blocks B"),
        ("B sends but is refused with blockd", "B sends but is refused with blocked"),
        ("assert m1 was refused with bannd", "assert m1 was refused with banned"),
        ('request POTS "/x"', 'request POST "/x"'),
        ("B sends A with command no-red-dot", "B sends A with no-red-dot, command"),
        ("assert A sees B with 1 unread 1 message", "assert A sees B with 1 unread, 1 message"),
        ("assert A sees B within 2s", "assert within 2s A sees B"),
        ("assert A sees nohting", "assert A sees nothing"),
        ("assert A sees B with read up to nohing", "assert A sees B with read up to nothing"),
        (
            "assert A sees B with 1 unread, pined, muted",
            "assert A sees B with 1 unread, pinned, muted",
        ),
        ("A.web syncs only unreead", "A.web syncs only unread"),
        ("clock of sevrer is 1h ahead", "clock of server is 1h ahead"),
        ("adin unbans #team", "admin unbans #team"),
        ("ink A.web holds", "link A.web holds"),
        ("assert within 5s A receivd nothing else", "assert within 5s A received nothing else"),
        ("B sends but is refusde with blocked", "B sends but is refused with blocked"),
        ("assert A sees nothing for 2s", "assert for 2s A sees nothing"),
    ],
)
def test_the_nearest_valid_sentence_is_shown(line: str, nearest: str) -> None:
    assert [p.nearest for p in problems_of(scenario_text(line))] == [nearest]


def test_a_tag_is_a_word_of_any_script() -> None:
    tags = ("删除", "größe-2", "a_1")
    head = f"{TWO}tags = {list(tags)}\n"
    assert read("B sends", head=head).tags == tags


def test_a_key_that_stands_twice_is_said_to() -> None:
    (problem,) = problems_of(f"title = 'x'\ntitle = 'y'\n{TWO}steps = 'B sends'\n")
    assert problem.span.line == 2
    assert problem.hint.startswith("a key stands only once")


def test_what_may_stand_in_a_place_is_listed() -> None:
    (reason,) = problems_of(scenario_text("B sends but is refused with blockd"))
    assert reason.expected.startswith("a reason: banned, silenced, dismissed, blocked, ")
    (option,) = problems_of(scenario_text("B sends A with command no-red-dot"))
    assert option.expected.split(" | ")[0] == ","


def test_a_parameter_that_is_part_of_a_word_is_said_to_stand_for_a_whole_one() -> None:
    matrix = "[matrix]\nn = [1]\n"
    message = "`$n` stands for a whole word, or inside a text"
    assert wrong("B sends A$n", tail=matrix) == [message]
    assert wrong("assert A sees B with last m$n", tail=matrix) == [message]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("wait 5", "a duration needs a unit: ms, s, m, h or d, as in 5s"),
        ("wait -5s", "a duration cannot be negative"),
        ("wait 1.5s", "a duration is a whole number with a unit: 500ms, not 0.5s"),
        ("wait 5 s", "a duration needs a unit: ms, s, m, h or d, as in 5s"),
        ("wait 5weeks", "a duration is a whole number and a unit: ms, s, m, h or d"),
        ("wait 99999999d", "a duration is at most 36500d"),
        ("assert within 5 A sees B", "a duration needs a unit: ms, s, m, h or d, as in 5s"),
        ("assert for", "`for` needs a duration"),
        ("assert within 2s", "a claim is missing"),
        ("assert A sees B or", "a claim is missing"),
        ("assert within 2s for 3s A sees B", "a claim has either `within` or `for`"),
        ("assert for 2s within 3s table:", "a claim has either `within` or `for`"),
        ("B sends -3 messages", "a number cannot be negative"),
        ("B sends 0 messages", "this number must be at least 1"),
        ("assert A sees B with -1 unread", "a number cannot be negative"),
        ("B sends 99999999999999999999999 messages", "a number is at most 1,000,000,000"),
        ("assert A sees B with 1 unread, 2 unread", "unread is said twice"),
        ('assert A sees B with last m1, last "x"', "last is said twice"),
        ("B sends A with command, notice", "a message is either a command or a notice"),
        ("backend sends A from B with notice, command",
         "a message is either a notice or a command"),
        ("assert A sees only B, B", "`B` stands there twice"),
        ("assert A sees B, A, B in this order", "`B` stands there twice"),
        ("A.web syncs only B, B", "`B` stands there twice"),
        ("A creates #team with B, B", "`B` stands there twice"),
        ("assert A's history with B is m1, m1", "`m1` stands there twice"),
        ("assert A sees B with messages m1, m2, m1", "`m1` stands there twice"),
        ("A blocks A", "here stands another user than A"),
        ("A.web allows A", "here stands another user than A"),
        ("assert A has a request from A", "here stands another user than A"),
        ("deletes B", "no sentence begins with deletes"),
        ("A", "what does A do?"),
        ("A adds device fridge", "a device is phone, app, tablet, web, browser, desktop, pc, "
         'laptop, or "name:kind" with kind app, web or pc'),
        ("together", "a colon is missing"),
        ("together: x", "nothing may stand after together:"),
        ("table:", "a table is a claim"),
        ("B sends as m1#note", "`#note` does not fit here; a comment is written `# note`"),
        ("B sends; together:", "a block stands on a line of its own"),
        ("A\u200b deletes B", "`A\u200b` does not fit here"),
    ],
)  # fmt: skip
def test_a_wrong_step_is_explained(line: str, message: str) -> None:
    assert message in wrong(line)


@pytest.mark.parametrize(
    ("line", "start", "length"),
    [
        ('B sends A "x" with command, command', 29, 7),
        ("B sends A with expire 1s, expire 2s", 27, 6),
        ("B sends A with command, no-persist, notice, number", 37, 6),
        ("assert A sees B with 1 unread, last m1, 2 unread", 41, 1),
        ("assert A sees only B, B", 23, 1),
        ("A.web blocks A", 14, 1),
    ],
)
def test_what_cannot_stand_beside_the_rest_is_shown_at_its_first_word(
    line: str, start: int, length: int
) -> None:
    (problem,) = problems_of(scenario_text(line))
    assert (problem.span.column, problem.span.length) == (start, length)


def test_every_alternative_of_an_assertion_is_checked_at_once() -> None:
    line = "assert A sees Q or B sese Z or B sees Z or A sees B with or A sees B with last m9"
    found = [(p.span.column, p.message, p.nearest) for p in problems_of(scenario_text(line))]
    assert found == [
        (15, "unknown user `Q` (there are A, B)", ""),
        (22, "unknown claim `sese`", "assert B sees Z"),
        (39, "unknown user `Z` (there are A, B)", ""),
        (57, "the sentence stops too early", "assert A sees B with 1 unread, last m1"),
        (80, "unknown label `m9`", ""),
    ]


def test_a_claim_that_is_missing_hides_nothing_of_the_others() -> None:
    assert wrong("assert A sees B or or Q sees B") == [
        "a claim is missing",
        "unknown user `Q` (there are A, B)",
    ]


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('user = ["A"]', "unknown key `user`"),
        ("format = 2", "format 2 is not known to this version"),
        ("format = true", "`format` must be an integer"),
        ("about = 3", "`about` must be a string"),
        ('covers = ["WuKongIM"]', "`WuKongIM` names no issue or requirement"),
        ('tags = ["a b"]', "`a b` is no tag"),
        ('tags = ["(删除)"]', "`(删除)` is no tag"),
        ('tags = ["-a"]', "`-a` is no tag"),
        ('tags = ["not"]', "`not` is no tag"),
        ("tags = 1", "`tags` must be an array of strings"),
        ('needs = ["crsh"]', "unknown capability `crsh`"),
        ('timing = { within = "2" }', "a duration needs a unit: ms, s, m, h or d, as in 2s"),
        ('timing = { withn = "2s" }', "unknown key `withn`"),
        ("timing = 1", "`timing` must be a table"),
        ("profile = 1", "`profile` must be a string or a table"),
        ("given = 1", "`given` must be a string or an array of strings"),
        ("given = [1]", "a step is a string"),
        ("groups = { A = [] }", "`A` is already the name of a user"),
        ('groups = { g = ["Z"] }', "unknown user `Z`"),
        ('groups = { g = ["A", "A"] }', "`A` stands there twice"),
        ("groups = { g = 1 }", "the members of a group are an array"),
        ('ids = { Z = "z" }', "unknown user or group `Z`"),
        ('ids = { A = "a@b" }', "an id holds none of @ # &"),
        ('ids = { A = "x", B = "x" }', "two users have the id x"),
        ("ids = { A = 1 }", "an id is a string"),
        ("matrix = { unread = [1] }", "`unread` is a word of the language"),
        ("matrix = { n = 1 }", "a parameter has an array of values"),
        ("matrix = { n = [1.5] }", "a value is a string, an integer or a boolean"),
        ("matrix = { n = [1, 1] }", "the value 1 stands there twice"),
        ("matrix = { n = [1], exclude = 1 }", "`matrix.exclude` is an array of tables"),
        ("matrix = { n = [1], exclude = [1] }", "a rule is a table of values"),
        ("matrix = { n = [1], exclude = [{ m = 1 }] }", "unknown matrix name `m`"),
        ("matrix = { n = [1], exclude = [{ n = 2 }] }", "2 is no value of `n`"),
        ("matrix = { n = [1], exclude = [{ n = 1 }] }", "every case of the matrix is excluded"),
        ('verbs = { "foo bar" = "x" }', "an own verb begins with a hole and a verb"),
        ('verbs = { "X sends Y" = "X deletes Y" }', "`sends` is a word of the language"),
        ('verbs = { "X hugs X" = "X deletes B" }', "each hole needs a name of its own"),
        ('verbs = { "X hugs Y-Z" = "X deletes B" }', "`Y-Z` is no hole"),
        ('verbs = { "X hugs Y" = "" }', "this verb does nothing"),
        ("known_failing = 1", "`known_failing` must be a table"),
        ('known_failing = { "wukongim ~ 2" = "x" }', "`wukongim ~ 2` is no target"),
        ('known_failing = { "*" = "" }', "a reason is a text"),
        ('known_failing = { "*" = { becaus = "x" } }', "unknown key `becaus`"),
    ],
)
def test_a_wrong_key_is_explained(head: str, message: str) -> None:
    assert message in wrong("A deletes B", head=f"{TWO}{head}\n")


@pytest.mark.parametrize(
    ("users", "message"),
    [
        ("1", "`users` must be a table or an array"),
        ("[1]", "a user is a name in quotes"),
        ('["A", "A"]', "`A` is already the name of a user"),
        ('["1x"]', "`1x` is no name"),
        ('["é"]', "`é` is no name"),
        ('["server"]', "`server` is a word of the language"),
        ("{ A = [] }", "the devices of A are an array"),
        ('{ A = ["fridge"] }', "`fridge` is no device"),
        ('{ A = ["phone", "phone"] }', "A has the device `phone` twice"),
        ('{ phone = ["web"], B = ["phone"] }', "`phone` is already the name of a user"),
    ],
)
def test_a_wrong_cast_is_explained(users: str, message: str) -> None:
    assert message in wrong("wait 1s", head=f"users = {users}\n")


def test_an_id_that_is_the_name_of_a_user_without_one_is_refused_where_it_stands() -> None:
    head = 'users = ["A", "B", "C"]\nids = { B = "x", A = "C" }\n'
    (problem,) = problems_of(scenario_text("wait 1s", head=head))
    assert problem.message == "two users have the id C: C has no other id than the name"
    assert (problem.span.line, problem.span.column, problem.span.length) == (3, 22, 3)


@pytest.mark.parametrize("ids", ['{ A = "C", C = "A" }', '{ A = "A" }', '{ A = "C", C = "c" }'])
def test_ids_may_be_names_of_users_as_long_as_they_differ(ids: str) -> None:
    assert wrong("wait 1s", head=f'users = ["A", "B", "C"]\nids = {ids}\n') == []


def test_groups_have_ids_too_of_a_kind_of_their_own() -> None:
    head = 'users = ["A", "B"]\ngroups = { team = ["A", "B"] }\n'
    ids = 'ids = { team = "g1", A = "g1", later = "g2" }\n'
    case = read("A creates #later with B", head=head + ids)
    assert case.cast.ids == (("#team", "g1"), ("A", "g1"), ("#later", "g2"))
    assert wrong("wait 1s", head=head + ids) == ["unknown user or group `later`"]
    same = 'ids = { team = "g1", later = "g1" }\n'
    assert wrong("A creates #later with B", head=head + same) == ["two groups have the id g1"]
    named = 'ids = { later = "team" }\n'
    (message,) = wrong("A creates #later with B", head=head + named)
    assert message == "two groups have the id team: #team has no other id than the name"


def test_a_reserved_name_comes_with_the_nearest_free_one() -> None:
    (problem,) = problems_of(scenario_text("wait 1s", head='users = ["server", "server1"]\n'))
    assert problem.nearest == "server2" or problem.nearest == "server1"


def test_users_may_have_devices_of_the_same_name() -> None:
    assert wrong("wait 1s", head='users = { A = ["phone"], B = ["phone"] }\n') == []


@pytest.mark.parametrize("table", ["known_failing", "users", "timing", "matrix", "ids", "groups"])
def test_steps_below_a_table_header_are_told_to_move(table: str) -> None:
    text = f'title = "x"\n[{table}]\nsteps = "wait 1s"\n'
    assert messages(text) == [f"`steps` landed in [{table}]; move it above"]


def test_required_keys_are_asked_for() -> None:
    assert messages("") == ["the key `title` is missing", "the key `steps` is missing"]
    assert messages('title = " "\nsteps = ""\n') == ["`title` is empty"]
    assert messages('title = "x"\nsteps = "# nothing"\n') == ["`steps` is empty"]


def test_a_toml_string_that_cannot_hold_an_apostrophe_is_explained() -> None:
    text = 'title = "x"\nusers = ["A"]\nsteps = [\'assert A\'s devices agree\']\n'
    (problem,) = problems_of(text)
    assert problem.message.startswith("not TOML")
    assert "cannot hold A's" in problem.hint
    assert problem.span.line == 3


def test_columns_are_exact_where_the_string_has_no_escapes() -> None:
    places = {
        'steps = "A delets B"\n': (3, 12),
        "steps = 'A delets B'\n": (3, 12),
        'steps = """\nwait 1s\n  # x\nA delets B"""\n': (6, 3),
        "steps = '''A delets B'''\n": (3, 14),
        'steps = ["wait 1s",\n  "A delets B"]\n': (4, 6),
        'steps = "A sends B \\"x\\"; A delets B"\n': (3, 9),
        'steps = """\nA delets B # \\u0041"""\n': (3, 9),
        'steps = """\nA sends B \\"x\\"\nA delets B"""\n': (5, 3),
        'steps = """\nwait 1s\nA delets \\"B\\""""\n': (5, 1),
        'steps = """A delets B # \\"x\\"\n"""\n': (3, 12),
        'steps = """\nA sends B \\"x\\"\\nwait 1s\nA delets B"""\n': (3, 9),
        'steps = """\nA sends B \\\n \\"x\\"\nA delets B"""\n': (3, 9),
    }
    for steps, place in places.items():
        (problem,) = problems_of(f'title = "x"\nusers = ["A", "B"]\n{steps}')
        assert (problem.span.line, problem.span.column) == place, steps


def test_lines_may_end_as_on_other_systems_and_begin_with_a_mark() -> None:
    (case,) = cases(parse_scenario("\ufeff" + SEED.replace("\n", "\r\n"), "x.toml"))
    assert len(case.steps) == 8
    assert case.steps[0].span.line == 7


def test_blocks_end_at_the_first_line_that_is_not_deeper() -> None:
    case = read(
        "  repeat 2:",
        "      B sends",
        "      together:",
        "        A deletes B; B sends",
        "        # a comment",
        "",
        "        B reads A",
        "  A deletes B",
    )
    assert [step.text for step in case.steps] == [
        'B sends A "message 1"',
        "together:",
        'B sends A "message 3"',
        "together:",
        "A deletes B",
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            ("wait 1s", "  wait 2s"),
            "this line is deeper than the one above it, which opens no block",
        ),
        (("  wait 1s", "wait 2s"), "this line is less deep than the others of its block"),
        (
            tuple(" " * i + "repeat 2:" for i in range(12)),
            "blocks are nested deeper than 8 levels",
        ),
    ],
)
def test_indentation_that_means_nothing_is_refused(lines: tuple[str, ...], message: str) -> None:
    assert message in wrong(*lines)


def test_a_block_that_is_too_deep_is_not_said_to_be_empty() -> None:
    lines = (*(" " * i + "repeat 2:" for i in range(9)), " " * 9 + "B sends A")
    assert wrong(*lines) == ["blocks are nested deeper than 8 levels"]


def test_items_of_an_array_are_lines_and_may_be_a_block() -> None:
    text = 'title = "x"\nusers = ["A", "B"]\nsteps = ["repeat 2:", "  B sends", "A deletes B"]\n'
    (case,) = cases(parse_scenario(text, "x.toml"))
    assert [step.text for step in case.steps] == [
        'B sends A "message 1"',
        'B sends A "message 2"',
        "A deletes B",
    ]


def test_own_verbs_that_lead_back_to_themselves_are_refused() -> None:
    tail = '[verbs]\n"X hugs Y" = "X pats Y"\n"X pats Y" = "X hugs Y"\n"X bows Y" = "X pats Y"\n'
    assert wrong("A hugs B", tail=tail) == [
        "this verb leads back to itself: hugs → pats → hugs",
    ]
    assert wrong("wait 1s", tail='[verbs]\n"X hugs Y" = "X hugs Y"\n') == [
        "this verb leads back to itself: hugs → hugs"
    ]


def test_own_verbs_may_not_be_nested_without_end() -> None:
    verbs = ['"X v0 Y" = "X sends Y"']
    verbs += [f'"X v{i} Y" = "X v{i - 1} Y"' for i in range(1, 3_000)]
    tail = "[verbs]\n" + "\n".join(verbs) + "\n"
    assert wrong("A v63 B", tail=tail) == ["own verbs are nested deeper than 64 levels"]
    few = "[verbs]\n" + "\n".join(verbs[:64]) + "\n"
    assert wrong("A v63 B", tail=few) == []
