"""The script of a served server: how it is read, and what is due when."""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    Crash,
    Drop,
    Fault,
    Flush,
    Kick,
    Restart,
    Send,
    SetAccess,
    SetClock,
    SetGroupFlag,
)
from imcli.model.errors import InvalidInput
from imcli.serve import notes
from imcli.serve.agenda import REPEATS_MAX, Agenda
from imcli.serve.script import MOMENTS, OWN, Moment, Script, WebhookFault
from imcli.serve.script_reading import LINES_MAX, parse_script


def read(*lines: str) -> Script:
    return parse_script("\n".join(lines), "faults.txt")


def only(line: str) -> object:
    """Read a line with one deed; gives what it does."""
    (found,) = read(line).lines
    (deed,) = found.deeds
    return deed.what


def complaint(*lines: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        read(*lines)
    return "\n".join(caught.value.problems)


# Reading


@pytest.mark.parametrize(
    ("sentence", "action"),
    [
        ("link u1.phone drops 2 messages", Fault("u1", "phone", "drops-messages", 2)),
        ("link u1.phone2 delays by 500ms", Fault("u1", "phone2", "delays", 0, 500)),
        ("link u1 holds", Fault("u1", "", "holds")),
        ("link u1.web loses 1 ack", Fault("u1", "web", "loses-acks", 1)),
        ("server restarts", Restart()),
        ("server crashes", Crash()),
        ("server flushes", Flush()),
        ("clock of server is 1h behind", SetClock(-3_600_000)),
        ("clock of u1.phone is 5s ahead", SetClock(5_000, "u1", "phone")),
        ("admin kicks u1.phone", Kick("u1", "phone")),
        ("admin kicks u1", Kick("u1")),
        ("admin bans #team", SetGroupFlag("#team", "banned", True)),
        ("u1 blocks u2", SetAccess("u1", "u2", "block", True)),
        ("u1.phone drops", Drop("u1", "phone")),
        ('backend sends u1 "hi" from u2', Send("u2", "", "u1", "hi", "")),
        ("webhooks fail 3 times", WebhookFault(fail=3)),
        ("webhooks lose 1 answer", WebhookFault(lose=1)),
        ("webhooks recover", WebhookFault()),
    ],
)
def test_sentences_of_the_language_and_its_own_are_read(sentence: str, action: object) -> None:
    assert only(f"after 5s: {sentence}") == action


@pytest.mark.parametrize(
    ("head", "moment"),
    [
        ("after 5s", Moment("after", 5_000)),
        ("every 1m", Moment("every", 60_000)),
        ("when u1.phone connects", Moment("when", 0, "connects", "u1", "phone")),
        ("when u1 disconnects", Moment("when", 0, "disconnects", "u1")),
        ("once u1 sends u2", Moment("once", 0, "sends", "u1", "", "u2")),
        ("once u1 sends #team", Moment("once", 0, "sends", "u1", "", "#team")),
        ("when u1 sends", Moment("when", 0, "sends", "u1")),
    ],
)
def test_moments_are_read(head: str, moment: Moment) -> None:
    (line,) = read(f"{head}: server restarts").lines
    assert line.moment == moment


def test_every_form_is_read_in_its_own_example() -> None:
    for form in MOMENTS:
        assert read(f"{form.example}: server restarts").lines
    for own, _ in OWN.values():
        assert read(f"after 1s: {own.example}").lines


def test_waits_put_off_what_follows_in_the_line() -> None:
    (line,) = read("after 1s: link u1 holds; wait 2s; server flushes; wait 1s; link u1 heals").lines
    assert [(deed.wait_ms, deed.text) for deed in line.deeds] == [
        (0, "link u1 holds"),
        (2_000, "server flushes"),
        (3_000, "link u1 heals"),
    ]


def test_comments_and_empty_lines_are_passed_over() -> None:
    script = read("# faults", "", "after 1s: server restarts  # now", "\r")
    assert [line.span.line for line in script.lines] == [3]


def test_ids_that_are_no_names_are_declared_anywhere() -> None:
    script = read(
        "when A sends #g: link B.phone holds; admin bans #g",
        'where A is "10001"',
        'where B is "张三"',
        'where #g is "g|7"',
    )
    (line,) = script.lines
    assert (line.moment.user, line.moment.chat) == ("10001", "#g|7")
    assert [deed.what for deed in line.deeds] == [
        Fault("张三", "phone", "holds"),
        SetGroupFlag("#g|7", "banned", True),
    ]


def test_what_is_wrong_is_said_with_its_place_and_what_would_be_right() -> None:
    said = complaint(
        "after 5s: link u1.phone drops 2 mesages",
        "evry 5s: server restarts",
        "after 5: server restarts",
        "after 5s server restarts",
        "after 5s:",
        'where 7 is "x"',
    )
    for part in (
        "faults.txt:1:33  `mesages` does not fit here\n",
        "   1 │ after 5s: link u1.phone drops 2 mesages\n",
        "nearest:  link u1.phone drops 2 messages",
        "faults.txt:2:1  `evry` does not fit here",
        "expected: after | every | when | once | where",
        "faults.txt:3:7  a duration needs a unit: ms, s, m, h or d, as in 5s",
        "faults.txt:4:10  `server` does not fit here\n",
        "expected: :",
        "faults.txt:5:9  nothing is to be done",
        "faults.txt:6:7  this cannot be a name",
    ):
        assert part in said, part


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("after 5s: u1 sends u2", "only a client can do this"),
        ("after 5s: u1 deletes u2", "only a client can do this"),
        ("after 5s: assert u1 sees u2", "claims nothing"),
        ("after 5s: server restarts but is refused", "does not fit here"),
        ("after 5s: admin bans #g but is refused", "expects nothing"),
        ("every 50ms: server restarts", "more often than every 100 ms"),
        ("after 5s: webhooks fail", "the sentence stops too early"),
        ("after 5s: webhooks explode", "`explode` does not fit here"),
        ("when u1 reads: server restarts", "`reads` does not fit here"),
        (": server restarts", "a line begins with a moment"),
        ('where A is "x"; after 1s: server restarts', "a line of its own"),
        ("where A is x", "this is no name of an id"),
        ("where A", "this is no name of an id"),
        ("after 5s: link \x1b[31m holds", "the control character U+001B"),
        ('after 5s: backend sends u1 "hi from u2', 'this text has no closing "'),
    ],
)
def test_what_no_script_can_say_is_refused(line: str, words: str) -> None:
    assert words in complaint(line)


def test_a_name_has_one_id() -> None:
    assert "`A` has an id already" in complaint('where A is "1"', 'where A is "2"')


def test_a_script_has_an_end() -> None:
    assert f"at most {LINES_MAX:,} lines" in complaint(*[""] * (LINES_MAX + 1))
    assert "at most" in complaint("#" * (1 << 20) + "#")


# What is due


def agenda(*lines: str) -> Agenda:
    return Agenda(read(*lines), 1_000)


def taken(found: Agenda, now_ms: int) -> list[str]:
    deeds: list[str] = []
    while (due := found.take(now_ms)) is not None:
        deeds.append(f"{due.at_ms} {due.deed.text}")
    return deeds


def test_lines_are_due_after_their_time_and_their_waits() -> None:
    plan = agenda("after 5s: server restarts; wait 1s; server flushes", "after 4s: link u1 holds")
    assert plan.due_ms() == 5_000
    assert taken(plan, 4_999) == []
    assert taken(plan, 6_000) == ["5000 link u1 holds", "6000 server restarts"]
    assert taken(plan, 9_000) == ["7000 server flushes"]
    assert plan.due_ms() is None


def test_a_repeated_line_is_due_again_and_again() -> None:
    plan = agenda("every 1s: server flushes")
    assert taken(plan, 4_000) == [f"{at} server flushes" for at in (2_000, 3_000, 4_000)]
    assert plan.due_ms() == 5_000


def test_a_jump_over_very_many_repeats_leaves_most_of_them_out() -> None:
    plan = agenda("every 1s: server flushes")
    assert len(taken(plan, 1_000 + 1_000_000 * 1_000)) == REPEATS_MAX + 1
    assert plan.due_ms() == 1_000 + 1_000_001 * 1_000


def connected(user: str, device: str = "phone", at_ms: int = 2_000) -> notes.Note:
    return notes.Connected(at_ms, user, device, "d", 0, 1, "tcp", "binary", 4, "127.0.0.1:1")


def sent(user: str, chat: str) -> notes.Note:
    return notes.Sent(2_000, user, "phone", chat, 1, 1, "n1", "hi")


def test_what_clients_do_makes_lines_due() -> None:
    plan = agenda(
        "when u1.phone connects: wait 1s; server flushes",
        "once u1 connects: server restarts",
        "when u2 sends u1: link u2 holds",
    )
    assert plan.hears
    plan.heard(connected("u2"))
    plan.heard(sent("u2", "u3"))
    assert plan.due_ms() is None
    plan.heard(connected("u1"))
    assert taken(plan, 2_000) == ["2000 server restarts"]
    plan.heard(connected("u1", at_ms=2_500))
    plan.heard(connected("u1", "web", 2_500))
    assert taken(plan, 3_500) == ["3000 server flushes", "3500 server flushes"]
    plan.heard(sent("u2", "u1"))
    assert taken(plan, 3_500) == ["2000 link u2 holds"]


def test_a_client_that_was_never_let_in_does_not_disconnect() -> None:
    plan = agenda("when u1 disconnects: server restarts")
    plan.heard(notes.Left(2_000, "", "", "it closed its socket", "127.0.0.1:1"))
    plan.heard(notes.Happened(2_000, "u1.phone disconnects"))
    assert plan.due_ms() is None
    plan.heard(notes.Left(2_000, "u1", "phone", "it closed its socket", "127.0.0.1:1"))
    assert plan.due_ms() == 2_000
