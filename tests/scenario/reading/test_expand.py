from __future__ import annotations

import pytest

from imcli.model.actions import (
    AddDevice,
    CreateGroup,
    Delete,
    Fault,
    Kick,
    MarkUnread,
    Read,
    Request,
    Send,
    SetAccess,
    SetClock,
    Synchronise,
)
from imcli.model.entities import DeviceSpec
from imcli.scenario.reading.expand import cases, iter_cases
from imcli.scenario.reading.parse import parse_scenario, parse_sentences
from imcli.scenario.reading.problems import InvalidScenario
from imcli.scenario.syntax import (
    Assert,
    Do,
    Ending,
    Facts,
    HasRequest,
    HistoryIs,
    KeepsRecord,
    ReceivedMessage,
    SeesChat,
    SeesList,
    TableIs,
    Together,
)
from imcli.targets.base import Cast
from tests.scenario.language import (
    THREE,
    TWO,
    action,
    asserted,
    claimed,
    done,
    problems_of,
    read,
    scenario_text,
    texts,
    wrong,
)


def labels(*lines: str) -> list[str]:
    return [step.label for step in read(*lines).steps if isinstance(step, Do) and step.label]


def test_a_device_that_is_not_named_is_the_first_one() -> None:
    assert action("A deletes B") == Delete("A", "phone", "B")
    assert action("A.web deletes B") == Delete("A", "web", "B")


def test_the_text_of_a_step_leaves_the_device_as_it_was_written() -> None:
    assert texts(read("A  deletes B", "A.web deletes B")) == ["A deletes B", "A.web deletes B"]


def test_in_a_claim_a_user_means_each_device() -> None:
    claim = claimed("assert A sees B")
    assert isinstance(claim, SeesChat)
    assert claim.device == ""


def test_between_two_users_the_receiver_and_the_conversation_may_be_left_out() -> None:
    case = read("B sends", "assert A sees the conversation", "backend sends from A")
    assert texts(case) == [
        'B sends A "message 1"',
        "assert A sees B",
        'backend sends B "message 2" from A',
    ]


def test_elsewhere_leaving_out_the_receiver_is_an_error_that_says_what_to_write() -> None:
    text = scenario_text("B sends", "assert A  sees the conversation", head=THREE)
    found = [(p.span.column, p.message, p.expected) for p in problems_of(text)]
    alone = "only where there are exactly two users and no group"
    assert found == [
        (1, f"the receiver may be left out {alone}", "write it, as in B sends A"),
        (16, f"`the conversation` is said {alone}", "the name of a user or a #group"),
    ]
    matrix = '[matrix]\nx = ["the"]\n'
    assert wrong("A deletes $x conversation", head=THREE, tail=matrix) == [found[1][1]]


def test_a_group_that_is_made_on_the_way_counts_as_a_group() -> None:
    assert "the receiver may be left out" in wrong("A creates #team with B", "B sends")[0]


def test_a_text_left_out_counts_every_message_of_the_case() -> None:
    case = read(
        'B sends "own" as m1',
        "B sends 2 messages",
        "B resends m1",
        "repeat 2:",
        "  A sends",
        "together:",
        "  B sends",
        "  A sends",
        head=TWO + "given = 'B sends'\n",
        tail='cleanup = ["B sends"]\n',
    )
    sent = [step.text for step in (*case.given, *case.steps, *case.cleanup)]
    assert sent[:4] == [
        'B sends A "message 1"',
        'B sends A "own" as m1',
        'B sends A "message 3"',
        'B sends A "message 4"',
    ]
    assert sent[5:7] == ['A sends B "message 5"', 'A sends B "message 6"']
    (together,) = [step for step in case.steps if isinstance(step, Together)]
    assert [branch[0].text for branch in together.branches] == [
        'B sends A "message 7"',
        'A sends B "message 8"',
    ]
    assert sent[-1] == 'B sends A "message 9"'


def test_labels_are_numbered_inside_repeat_and_after_several_messages() -> None:
    assert labels("B sends as m1") == ["m1"]
    assert labels("B sends 3 messages as m") == ["m1", "m2", "m3"]
    assert labels("repeat 3:", "  B sends as m") == ["m1", "m2", "m3"]
    assert labels("repeat 2:", "  B sends 3 messages as m") == [f"m{i}" for i in range(1, 7)]
    assert labels("repeat 2:", "  repeat 2:", "    B sends as m") == ["m1", "m2", "m3", "m4"]


def test_inside_repeat_a_label_is_the_newest_of_its_name() -> None:
    case = read(
        "repeat 2:",
        "  B sends as m",
        "  A reads B up to m",
        "  assert A sees B with last m, messages m",
        "assert A sees B with messages m1, m2",
    )
    claims = [step.text for step in case.steps if isinstance(step, Assert)]
    assert claims == [
        "assert A sees B with last m1, messages m1",
        "assert A sees B with last m2, messages m2",
        "assert A sees B with messages m1, m2",
    ]
    reads = [step for step in case.steps if isinstance(step, Do) and step.row == "read"]
    assert [step.refs for step in reads] == [(("up_to", "m1"),), (("up_to", "m2"),)]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (("B sends as m", "A sends as m"), "`m` is named twice"),
        (("repeat 2:", "  B sends as m", "B sends as m2"), "`m2` is named twice"),
        (("repeat 2:", "  B sends as m", "  A sends as m"), "`m` is named twice"),
        (("B sends 2 messages as m", "A sends 2 messages as m"), "`m` is named twice"),
        (("B sends as A",), "`A` is already the name of a user"),
        (("B sends as web",), "`web` is already the name of a device"),
        (("B sends as unread",), "`unread` is a word of the language; a free name is unread1"),
        (("A reads B up to m1",), "unknown label `m1`"),
        (("A reads B up to m1", "B sends as m1"), "`m1` is used before it exists"),
        (
            ("B sends 2 messages as m", "A reads B up to m"),
            "`m` names several messages; write which: m1 to m2",
        ),
        (("B sends as m1", "assert m1 has status 200"), "`m1` is a message"),
        (
            ('request GET "/x" as r1', "A reads B up to r1"),
            "`r1` is the answer to a request",
        ),
        (("B resends m9",), "unknown label `m9`"),
        (("B sends as m1", "A resends m1"), "`m1` was sent by B"),
        (
            ("together:", "  B sends as m1", "  A reads B up to m1"),
            "`m1` is named in another branch of this `together`, whose order is open",
        ),
        (("C deletes B",), "unknown user `C` (there are A, B)"),
        (("A.tablet deletes B",), "A has no device `tablet` here (there are A.phone, A.web)"),
        (("A deletes #team",), "unknown group `#team` (there is none)"),
        (("A adds device web",), "A has a device `web` already; say A.web connects"),
        (
            ("B sends as tablet", "A adds device tablet"),
            "`tablet` is already the name of a message",
        ),
        (("together:", "  assert A sees B"), "inside `together` stand actions only"),
        (("together:",), "this block is empty"),
        (("repeat 2:",), "this block is empty"),
        (
            ("repeat 2:", "  assert table:", "    device conversation", "    A.phone -"),
            "inside `repeat` stands anything but a table",
        ),
    ],
)
def test_names_that_are_wrong_are_named(lines: tuple[str, ...], message: str) -> None:
    assert wrong(*lines) == [message]


def test_after_together_the_labels_of_its_branches_are_known() -> None:
    case = read(
        "together:", "  B sends as m1; A reads B up to m1", "  A sends", "A reads B up to m1"
    )
    assert case.steps[-1].text == "A reads B up to m1"
    together = case.steps[0]
    assert isinstance(together, Together)
    assert [len(branch) for branch in together.branches] == [2, 1]


def test_a_device_can_be_used_once_it_was_added() -> None:
    assert action("A adds device tablet") == AddDevice("A", "tablet", "app")
    assert action('A adds device "kiosk:web:slave"') == AddDevice("A", "kiosk", "web", "slave")
    assert action("A adds device tablet", "A.tablet deletes B") == Delete("A", "tablet", "B")


def test_a_resend_names_its_first_send_and_takes_over_its_label() -> None:
    again = done('B sends "x" as m1', "B resends m1")
    assert (again.resend_of, again.label) == ("m1", "m1")
    renamed = done('B sends "x" as m1', "B resends m1 as m2")
    assert (renamed.resend_of, renamed.label, renamed.text) == ("m1", "m2", "B resends m1 as m2")


def test_options_become_fields_of_the_send() -> None:
    step = done(
        'B sends A "x" as m1 with no-persist, no-red-dot, command, expire 60s, '
        'number "n", payload {"a": 1}'
    )
    assert step.action == Send(
        "B", "phone", "A", "x", "n", '{"a": 1}', True, True, True, False, 60_000
    )
    assert action("B sends A with notice") == Send("B", "phone", "A", "message 1", "", notice=True)
    assert step.number_written
    assert not done("B sends A").number_written


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("A deletes B for both", Delete("A", "phone", "B", for_both=True)),
        ("A reads B", Read("A", "phone", "B")),
        ("A marks B unread", MarkUnread("A", "phone", "B")),
        ("A marks B unread 2", MarkUnread("A", "phone", "B", 2)),
        ("A.web syncs", Synchronise("A", "web")),
        (
            "A.web syncs only unread from scratch with 1 message page 2 by 50",
            Synchronise("A", "web", -1, (), True, 1, 2, 50),
        ),
        ("A syncs only B", Synchronise("A", "phone", chats=("B",))),
        ("admin kicks A", Kick("A")),
        ("admin kicks A.web", Kick("A", "web")),
        ("A creates #team with B", CreateGroup("#team", ("B",), "A", "phone")),
        ("A blocks B", SetAccess("A", "B", "block", True, "phone")),
        ("clock of A.phone is 1h behind", SetClock(-3_600_000, "A", "phone")),
        ("clock of server is 1h ahead", SetClock(3_600_000)),
        ("link A.web drops 2 sends", Fault("A", "web", "drops-sends", 2)),
        ("link A delays by 500ms", Fault("A", "phone", "delays", 0, 500)),
        ('request POST "/x" {"a":1} as r1', Request("POST", "/x", '{"a": 1}', "r1")),
    ],
)
def test_a_sentence_becomes_its_action(line: str, expected: object) -> None:
    assert action(line) == expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("admin blocks A in #team", SetAccess("#team", "A", "block", True)),
        ("admin disallows A in #team", SetAccess("#team", "A", "allow", False)),
    ],
)
def test_a_list_of_a_group_belongs_to_the_group(line: str, expected: object) -> None:
    assert action(line, head=THREE) == expected


@pytest.mark.parametrize(
    ("line", "ending"),
    [
        ("B sends A but is refused", Ending("refused")),
        ("B sends A but is refused with blocked", Ending("refused", "blocked")),
        ("B sends A and may be refused", Ending("may")),
        ("B sends A but gets no answer", Ending("no-answer")),
    ],
)
def test_an_ending_says_how_an_action_may_end(line: str, ending: Ending) -> None:
    step = done(line)
    assert step.ending == ending
    assert step.text.endswith(line.removeprefix("B sends A "))


def test_what_cannot_be_refused_takes_no_ending() -> None:
    assert wrong("wait 5s but is refused") == ["`but` does not fit here"]


def test_needs_follow_from_the_sentence_and_its_parts() -> None:
    assert done("B sends A").needs == ("sessions",)
    assert done("A reads B").needs == ()
    assert done("B sends as m1", "A reads B up to m1").needs == ("partial-read",)
    assert done("B sends as m1", "A deletes B up to m1").needs == ("bounded-delete",)
    assert (done("A marks B unread 2").needs, done("A marks B unread").needs) == (
        (),
        ("unread-flag",),
    )
    assert done("B sends with notice").needs == ("sessions", "notices")
    assert asserted("assert A sees B with pinned").needs == ("settings",)
    marked = asserted("assert the server keeps B for A with deleted up to nothing")
    assert marked.needs == ("stored-record", "stored-marks")
    assert asserted("assert A sees B with deleted up to nothing").needs == ()
    assert asserted("assert A shows B or the server keeps B for A").needs == (
        "sessions",
        "stored-record",
    )


def test_claims_carry_what_they_claim() -> None:
    claim = claimed(
        "B sends as m1",
        'assert A sees B with 1 unread, last "hi", messages m1, 1 message, read up to nothing, '
        "deleted up to m1, pinned, muted, archived, marked unread",
    )
    assert isinstance(claim, SeesChat)
    assert claim.facts == Facts(1, ("text", "hi"), ("m1",), 1, "", "m1", True, True, True, True)
    listed = claimed("assert A.web shows B in this order")
    assert isinstance(listed, SeesList)
    assert (listed.device, listed.chats, listed.source, listed.ordered) == (
        "web",
        ("B",),
        "shows",
        True,
    )
    history = claimed("assert A's history with B is empty")
    assert isinstance(history, HistoryIs)
    assert (history.relation, history.labels) == ("is", ())
    kept = claimed("assert the server keeps nothing of B for A")
    assert isinstance(kept, KeepsRecord)
    assert kept.negated
    received = claimed("B sends as m1", "assert A did not receive m1")
    assert isinstance(received, ReceivedMessage)
    assert received.times == 0
    request = claimed("assert A has a request from B")
    assert isinstance(request, HasRequest)
    assert request.chat == "B"


def test_an_assertion_has_one_time_at_most_and_any_number_of_claims() -> None:
    step = asserted("assert within 2s A sees B or A sees nothing or A shows B")
    assert (step.within_ms, step.for_ms, len(step.claims)) == (2_000, None, 3)
    assert asserted("assert for 3s A sees B").for_ms == 3_000
    assert step.text == "assert within 2s A sees B or A sees nothing or A shows B"


def test_a_claim_stands_at_its_own_place() -> None:
    first, second = asserted("wait 1s; assert A sees B or A sees nothing").claims
    assert (first.span.line, first.span.column, first.span.length) == (4, 17, 8)
    assert (second.span.column, second.span.length) == (29, 14)


def test_a_table_is_a_claim_with_rows() -> None:
    claim = claimed(
        "B sends as m1; B sends as m2",
        "assert table:",
        "  device   conversation  unread  last  messages  flags",
        "  A.phone  B             1       m1    m1,m2     pinned,muted",
        '  A.web    B             -       "a b" *         -',
        "  B.phone  -             -       -     -         -",
    )
    assert isinstance(claim, TableIs)
    assert claim.columns == ("device", "conversation", "unread", "last", "messages", "flags")
    assert claim.rows[0] == ("A.phone", "B", "1", "m1", "m1,m2", "pinned,muted")
    assert claim.rows[1][3] == '"a b"'
    assert [span.line for span in claim.spans] == [7, 8, 9]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("device conversatio", "A.phone B"), "unknown column `conversatio`"),
        (("device device", "A.phone B"), "the column `device` stands twice"),
        (("device unread", "A.phone 1"), "the column `conversation` is missing"),
        (("device conversation",), "this table has no row"),
        (("device conversation", "A.phone"), "1 cells below 2 columns"),
        (("device conversation", "A.tv B"), "A has no device `tv` here (there are A.phone, A.web)"),
        (("device conversation", "A.web C"), "unknown user `C` (there are A, B)"),
        (("device conversation unread", "A.web B x"), "an unread count is a number, `-` or `*`"),
        (("device conversation last", "A.web B m1"), "unknown label `m1`"),
        (("device conversation messages", "A.web B m1,m2"), "unknown label `m1`"),
        (
            ("device conversation flags", "A.web B pined"),
            "unknown flag `pined` (pinned, muted, archived, marked-unread)",
        ),
        ((), "this table is empty"),
    ],
)
def test_a_wrong_table_is_refused_at_the_cell(rows: tuple[str, ...], message: str) -> None:
    assert wrong("assert table:", *(f"  {row}" for row in rows)) == [message]


VERBS = """
[verbs]
"X greets Y" = ['X sends Y "hello"', "assert Y sees X"]
"X greets_twice Y as M" = '''
X greets Y
repeat 2:
  X sends Y as M
'''
"""


def test_an_own_verb_is_filled_with_what_it_is_called_with() -> None:
    case = read("A greets B", "B greets_twice A as m", tail=VERBS)
    assert texts(case) == [
        'A sends B "hello"',
        "assert B sees A",
        'B sends A "hello"',
        "assert A sees B",
        'B sends A "message 3" as m1',
        'B sends A "message 4" as m2',
    ]


def test_a_device_fills_a_hole_where_a_device_may_stand() -> None:
    tail = '[verbs]\n"X tidies Y" = ["X deletes Y", "assert X\'s history with Y is empty"]\n'
    assert texts(read("A.web tidies B", tail=tail)) == [
        "A.web deletes B",
        "assert A.web's history with B is empty",
    ]
    assert wrong("A tidies B.phone", tail=tail)[0] == "`B.phone` does not fit here"


def test_a_step_of_an_own_verb_stands_where_it_is_called() -> None:
    case = read("wait 1s", "A greets B", tail=VERBS.replace("assert Y sees X", "X deletes Y"))
    assert [step.span.line for step in case.steps] == [4, 5, 5]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("A greets", "the sentence stops too early"),
        ("A greets B C", "`C` is too much"),
        ("A greets_twice B to m", "`to` does not fit here"),
        ("A greets C", "unknown user `C` (there are A, B)"),
    ],
)
def test_an_own_verb_is_called_as_it_was_declared(line: str, message: str) -> None:
    assert message in wrong(line, tail=VERBS.replace("assert Y sees X", "X deletes Y"))


MATRIX = """
[matrix]
n = [1, 3]
d = ["phone", "web"]
kind = [true]
exclude = [{ n = 3, d = "web" }]
"""


def test_every_cell_of_a_matrix_is_a_case() -> None:
    text = scenario_text(
        "B sends $n messages as m",
        'A.$d sends "$n of $d costs 5$ or $other"',
        "assert A sees B with last m$n",
        head=TWO + 'profile = { extends = "x-$d", own_send_reads = "$kind" }\n',
        tail=MATRIX,
    ).replace("last m$n", "$n messages")
    found = cases(parse_scenario(text.replace("A title", "with $n"), "x.toml"))
    assert [case.case_id for case in found] == [
        "x.toml[n=1,d=phone,kind=true]",
        "x.toml[n=1,d=web,kind=true]",
        "x.toml[n=3,d=phone,kind=true]",
    ]
    assert [len(case.steps) for case in found] == [3, 3, 5]
    assert [case.title for case in found] == ["with 1", "with 1", "with 3"]
    assert found[1].steps[1].text == 'A.web sends B "1 of web costs 5$ or $other"'
    assert found[1].profile == {"extends": "x-web", "own_send_reads": True}
    assert found[2].steps[-1].text == "assert A sees B with 3 messages"


def test_a_quote_in_a_matrix_value_ends_no_text() -> None:
    tail = "[matrix]\nt = ['say \"hi\"; \\', 'plain']\n"
    found = cases(parse_scenario(scenario_text('B sends "<$t>"', tail=tail), "x.toml"))
    sends = [step.action for case in found for step in case.steps if isinstance(step, Do)]
    assert [send.text for send in sends if isinstance(send, Send)] == [
        '<say "hi"; \\>',
        "<plain>",
    ]


def test_a_matrix_name_that_is_unknown_outside_a_text_is_an_error() -> None:
    assert wrong("B sends $n messages") == ["unknown matrix name `$n`"]
    assert wrong('B sends "$n"') == []


def test_a_value_that_fits_nowhere_is_reported_with_its_cell() -> None:
    text = scenario_text("assert A sees B with $n unread", tail='[matrix]\nn = [1, "x"]\n')
    with pytest.raises(InvalidScenario) as caught:
        parse_scenario(text, "x.toml")
    (problem,) = caught.value.found
    assert problem.message == "`x` does not fit here"
    assert problem.hint == "where n = x"


def test_cases_can_be_taken_one_at_a_time() -> None:
    text = scenario_text("B sends $n messages", tail="[matrix]\nn = [1, 2]\n")
    found = iter_cases(parse_scenario(text, "x.toml"))
    assert next(found).case_id == "x.toml[n=1]"
    assert len(list(found)) == 1


def test_the_claim_of_a_known_failure_gets_the_form_that_the_case_has() -> None:
    tail = '[known_failing]\n"*" = { because = "x", claim = "assert A  sees the conversation" }\n'
    case = read("assert A sees the conversation", tail=tail)
    assert case.known_failing[0].claim == "A sees B"


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("A sees B with 3 unread", "no step asserts this claim"),
        ("A deletes B", "the claim is none: this is an action, not a claim"),
        ("# x", "the claim is empty"),
        ("A sees B; A sees B", "the claim is more than one"),
        ("table:", "no step asserts this claim"),
        ("A sees B or A sees nothing", "no step asserts this claim"),
    ],
)
def test_a_known_failure_at_a_claim_that_is_not_there_is_refused(claim: str, message: str) -> None:
    tail = f'[known_failing]\n"*" = {{ because = "x", claim = "{claim}" }}\n'
    assert wrong("assert A sees B", tail=tail) == [message]


EITHER = "A sees nothing or A sees B with 2 unread"


@pytest.mark.parametrize(
    ("claim", "whole"),
    [
        (EITHER, EITHER),
        (f"assert {EITHER}", EITHER),
        (f"assert  within 5s  {EITHER}", EITHER),
        ("A sees the conversation with 2 unread", EITHER),
        ("A sees nothing", "A sees nothing"),
        ("table:", "table:"),
        ("assert table:", "table:"),
    ],
)
def test_a_known_failure_names_a_whole_assertion_or_an_alternative(claim: str, whole: str) -> None:
    tail = f'[known_failing]\n"*" = {{ because = "x", claim = "{claim}" }}\n'
    table = ("assert within 1s table:", "  device conversation", "  A.phone B")
    case = read(f"assert within 2s {EITHER}", "assert A sees nothing", *table, tail=tail)
    assert case.known_failing[0].claim == whole


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("A sese B", "the claim is none: unknown claim `sese`"),
        ("A sees C", "no step asserts this claim"),
    ],
)
def test_a_wrong_claim_of_a_known_failure_is_shown_where_it_stands(
    claim: str, message: str
) -> None:
    tail = f'[known_failing]\n"*" = {{ because = "x", claim = "{claim}" }}\n'
    (problem,) = problems_of(scenario_text("assert A sees B", tail=tail))
    assert problem.message == message
    assert (problem.span.line, problem.span.column, problem.span.length) == (7, 32, 10)


def test_loose_sentences_are_read_for_a_cast() -> None:
    cast = Cast((("A", (DeviceSpec("phone"),)), ("B", (DeviceSpec("phone"),))))
    steps = parse_sentences("B sends as m1\nassert A sees B with last m1", cast)
    assert [step.text for step in steps] == [
        'B sends A "message 1" as m1',
        "assert A sees B with last m1",
    ]
    with pytest.raises(InvalidScenario):
        parse_sentences("C sends", cast)
