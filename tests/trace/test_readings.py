"""Four readings of one conversation: what agrees, what is legal, and who is out of step."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from imcli.model.entities import Entry, Message
from imcli.trace.readings import Finding, Readings, compare, disagreeing, settled

V213, V214, V215, V220, V225 = (2, 1, 3), (2, 1, 4), (2, 1, 5), (2, 2, 0), (2, 2, 5)
EVERY = (V213, V214, V215, V220, V225)


def message(seq: int, sender: str = "B", message_id: int = 0) -> Message:
    return Message("A@B", seq, message_id or seq, f"c{seq}", sender=sender)


LOG = (message(1), message(2), message(3))


def listed(*messages: Message, unread: int = 3, read_to: int = 0) -> Entry:
    return Entry("B", unread=unread, read_to=read_to, messages=messages, last=messages[-1])


def row(read_to: int = 0) -> Entry:
    return Entry("B", unread=3 - read_to, read_to=read_to)


def good(version: tuple[int, ...]) -> Readings:
    """Three messages from B, nothing read, everything in its place."""
    by_channel = listed(*LOG) if version >= V225 else None
    return Readings("A", "B", version, LOG, row(), listed(*LOG), True, by_channel)


def only(readings: Readings) -> Finding:
    (finding,) = compare(readings)
    return finding


@pytest.mark.parametrize("version", EVERY)
def test_a_conversation_in_order_has_no_finding(version: tuple[int, ...]) -> None:
    assert compare(good(version)) == ()
    assert compare(Readings("A", "B", version)) == ()
    assert settled(())
    assert disagreeing(()) == ()


# Messages


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        ((*LOG, message(4)), "shows message 4, and the log ends with 3"),
        (LOG[:2], "ends with message 2, the log with 3"),
        ((LOG[0], message(2, message_id=99), LOG[2]), "has another message 2 than the log"),
        ((LOG[0], LOG[2]), "leaves out message 2, which the log has"),
    ],
)
def test_a_list_that_shows_something_else_than_the_log_is_wrong(
    shown: tuple[Message, ...], said: str
) -> None:
    unread = shown[-1].seq
    findings = compare(replace(good(V225), listed=listed(*shown, unread=unread)))
    assert findings[0].kind == "wrong"
    assert said in findings[0].said
    assert disagreeing(findings) == ("list",)
    by_channel = replace(good(V225), by_channel=listed(*shown, unread=unread))
    assert disagreeing(compare(by_channel)) == ("by-channel",)


def test_of_an_unknown_version_only_messages_are_compared() -> None:
    assert compare(replace(good(V225), version=(), record=None)) == ()
    assert disagreeing(compare(replace(good(V225), version=(), listed=listed(*LOG[:2])))) == (
        "list",
    )


# Being there


@pytest.mark.parametrize(
    ("version", "chat", "kind", "where"),
    [
        (V213, "B", "passing", "record"),
        (V213, "#team", "passing", "record"),
        (V214, "B", "wrong", "list"),
        (V215, "B", "passing", "record"),
        (V215, "#team", "wrong", "list"),
        (V220, "#team", "wrong", "list"),
        (V225, "B", "passing", "record"),
    ],
)
def test_what_is_listed_without_a_record_waits_for_the_flush_or_is_wrong(
    version: tuple[int, ...], chat: str, kind: str, where: str
) -> None:
    finding = only(replace(good(version), chat=chat, record=None, member=True))
    assert (finding.kind, finding.where) == (kind, where)
    assert not settled((finding,))


def test_until_the_flush_a_deletion_does_nothing_from_2_1_5_on() -> None:
    assert "(A4)" in only(replace(good(V225), record=None)).said
    assert "(A4)" not in only(replace(good(V213), record=None)).said


@pytest.mark.parametrize(
    ("version", "chat", "member", "kind", "code"),
    [
        (V213, "B", None, "open", "A0"),
        (V213, "#team", True, "open", "A0"),
        (V214, "B", None, "wrong", "A5"),
        (V215, "B", None, "wrong", "A11"),
        (V225, "B", None, "wrong", "A11"),
        (V214, "#team", True, "open", "A26"),
        (V225, "#team", True, "open", "H11"),
        (V225, "#team", None, "open", "H11"),
        (V213, "#team", False, "lasting", ""),
        (V225, "#team", False, "lasting", ""),
    ],
)
def test_messages_without_a_record_have_a_reason_in_each_version(
    version: tuple[int, ...], chat: str, member: bool | None, kind: str, code: str
) -> None:
    nothing = Readings("A", chat, version, LOG, behind=False, member=member)
    finding = only(nothing)
    assert (finding.kind, finding.where, finding.code) == (kind, "record", code)


@pytest.mark.parametrize(
    ("version", "behind", "kind", "code"),
    [
        (V213, True, "wrong", ""),
        (V214, True, "lasting", ""),
        (V214, False, "wrong", ""),
        (V215, None, "open", ""),
        (V220, True, "lasting", ""),
        (V220, False, "wrong", "A2"),
        (V225, True, "lasting", ""),
        (V225, False, "wrong", ""),
    ],
)
def test_a_record_that_is_not_listed_was_deleted_or_is_wrong(
    version: tuple[int, ...], behind: bool | None, kind: str, code: str
) -> None:
    readings = replace(good(version), listed=None, behind=behind, by_channel=None)
    finding = only(readings)
    assert (finding.kind, finding.where, finding.code) == (kind, "list", code)


def test_the_system_s_account_is_never_listed() -> None:
    readings = replace(good(V213), chat="____system", listed=None)
    assert only(readings).kind == "lasting"


# Marks and counts


@pytest.mark.parametrize("version", EVERY)
def test_a_count_that_no_term_gives_is_wrong(version: tuple[int, ...]) -> None:
    finding = only(replace(good(version), listed=listed(*LOG, unread=7)))
    assert (finding.kind, finding.where) == ("wrong", "list")
    assert "no term of this version's count gives that" in finding.said


@pytest.mark.parametrize("version", EVERY)
def test_a_list_that_counts_from_another_mark_is_wrong(version: tuple[int, ...]) -> None:
    other = replace(good(version), listed=listed(*LOG, unread=2, read_to=1), by_channel=None)
    finding = only(other)
    assert (finding.kind, finding.where) == ("wrong", "list")
    assert "counts from 1, and the record is read up to 0" in finding.said


def test_up_to_2_1_3_an_own_message_raises_the_mark_before_the_record_has_it() -> None:
    log = (message(1), message(2, "A"), message(3))
    shown = listed(*log, unread=1, read_to=2)
    raised = Readings("A", "B", V213, log, row(), shown, True, own_last=2)
    assert only(raised).kind == "passing"


def test_up_to_2_1_3_a_stored_count_stays() -> None:
    readings = replace(good(V213), record=row(3), listed=listed(*LOG, unread=2, read_to=3))
    assert (only(readings).kind, only(readings).code) == ("lasting", "A37")
    newer = replace(readings, version=V214)
    assert only(newer).kind == "wrong"


def test_a_mark_beyond_the_log_is_wrong_and_a_wrapped_one_has_a_name() -> None:
    beyond = replace(good(V225), record=row(9), by_channel=None)
    assert "read up to 9, and the log ends with 3" in compare(beyond)[0].said
    read = listed(*LOG, unread=0, read_to=0xFFFF_FFFF)
    wrapped = replace(good(V225), record=row(2**64 - 1), listed=read, by_channel=None)
    assert (only(wrapped).kind, only(wrapped).code) == ("lasting", "A8")


def test_what_was_deleted_counts_from_2_1_4_on() -> None:
    shown = listed(LOG[2], unread=3)
    finding = only(replace(good(V215), listed=shown))
    assert (finding.kind, finding.code) == ("lasting", "A6")


def test_without_the_own_last_message_no_count_is_judged() -> None:
    assert compare(replace(good(V225), listed=listed(*LOG, unread=7), own_last=None)) == ()


# By channel


def test_by_channel_shows_what_was_deleted() -> None:
    partly = replace(good(V225), listed=listed(LOG[2], unread=3))
    assert "A16" in {finding.code for finding in compare(partly)}
    wholly = replace(good(V225), listed=None)
    assert [finding.code for finding in compare(wholly)] == ["", "A16"]
    assert settled(compare(wholly))


def test_by_channel_answers_whoever_asks() -> None:
    stranger = Readings("C", "#team", V225, LOG, by_channel=listed(*LOG), member=False)
    assert [finding.kind for finding in compare(stranger)] == ["lasting", "lasting"]


def test_by_channel_with_another_count_or_no_message_is_wrong() -> None:
    other = only(replace(good(V225), by_channel=listed(*LOG, unread=1)))
    assert (other.kind, other.where) == ("wrong", "by-channel")
    assert "with a record read up to 0 it is 3" in other.said
    empty = only(replace(good(V225), by_channel=Entry("B")))
    assert "has no message of the log" in empty.said
