"""The live target against a scripted server of the tests' own, well and badly behaved."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    Connect,
    CreateGroup,
    Delete,
    Dismiss,
    Flush,
    Kick,
    Leave,
    MarkUnread,
    Open,
    Pull,
    Read,
    RemoveMembers,
    Request,
    Send,
    SetAccess,
    SetGroupFlag,
    SetMembers,
    Synchronise,
    Wait,
)
from imcli.model.entities import DeviceSpec
from imcli.model.errors import TargetUnavailable, UsageError
from imcli.model.events import Accepted, HistoryPage, ListAnswer, Refused, Response
from imcli.model.questions import (
    Agreement,
    History,
    HistoryView,
    Kept,
    KeptView,
    ListView,
    Observable,
    ObservableView,
    Presence,
    PresenceView,
    RawAnswer,
    Received,
    ResponseView,
    Seen,
    Shown,
)
from imcli.targets.base import Cast, OpenTarget, Target
from imcli.targets.live import LiveTarget, OpenLive, Patience, open_live, open_live_admin
from imcli.targets.live.backend import LAST_LOOK_MS
from imcli.targets.live.http import HttpClient, Reply
from imcli.wire.http import Call
from tests.targets.fake_wukongim import FakeWuKongIM, Handler, Misbehaviour

CAST = Cast((("A", (DeviceSpec("phone"), DeviceSpec("web", "web"))), ("B", (DeviceSpec("phone"),))))


class Time:
    """A clock that only `sleep` moves."""

    def __init__(self) -> None:
        self.now_ms = 0
        self.slept: list[int] = []

    def clock(self) -> int:
        return self.now_ms

    def sleep(self, duration_ms: int) -> None:
        self.now_ms += duration_ms
        self.slept.append(duration_ms)


@pytest.fixture
def server() -> Iterator[FakeWuKongIM]:
    with FakeWuKongIM() as running:
        yield running


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def opened(server: FakeWuKongIM, time: Time) -> Iterator[OpenLive]:
    opener = open_live(server.url, clock=time.clock, sleep=time.sleep, run="r")
    yield opener
    opener.close()


@pytest.fixture
def target(opened: OpenLive) -> LiveTarget:
    return opened(CAST)


def send(user: str, chat: str, text: str = "hi", number: str = "n1") -> Send:
    return Send(user, "", chat, text, number)


def listed(target: Target, user: str, chat: str | None = None) -> ListView:
    view = target.observe(Seen(user, "phone", chat))
    assert isinstance(view, ListView)
    return view


def history(target: Target, user: str, chat: str) -> list[str]:
    view = target.observe(History(user, "phone", chat))
    assert isinstance(view, HistoryView)
    return [message.text for message in view.messages]


# The seams


def test_both_doors_fit_the_protocols(opened: OpenLive, target: LiveTarget) -> None:
    opener: OpenTarget = opened
    world: Target = target
    assert opener.identity == world.identity
    assert opener.capabilities == world.capabilities


def test_the_version_comes_from_the_server(opened: OpenLive) -> None:
    assert (opened.identity.product, opened.identity.version) == ("wukongim", (2, 2, 5))
    assert opened.identity.kind == "live"


def test_nothing_is_declared_that_needs_sessions_faults_or_virtual_time(target: LiveTarget) -> None:
    assert target.capabilities == {"flush", "stored-record", "raw-requests", "by-channel"}
    assert not target.virtual


# Sending


def test_a_send_ends_when_the_log_shows_the_message(target: LiveTarget, time: Time) -> None:
    outcome = target.perform(send("B", "A"))
    (event,) = outcome.events
    assert outcome.result == "ok"
    assert isinstance(event, Accepted)
    assert (event.seq, event.message_id) == (1, 2124764764550371644)
    assert event.message is not None
    assert (event.message.text, event.message.sender) == ("hi", "B")
    assert event.message.channel == "A@B"
    assert time.slept == [5]


def test_the_pauses_between_looks_at_the_log_grow(server: FakeWuKongIM, time: Time) -> None:
    server.world.store_after = 8
    target = open_live(server.url, clock=time.clock, sleep=time.sleep)(CAST)
    assert target.perform(send("B", "A")).result == "ok"
    assert time.slept == [5, 10, 20, 40, 80, 160, 250, 250]


def test_a_message_that_never_reaches_the_log_is_unknown(
    server: FakeWuKongIM, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A last look into the log is given its time, however late it begins."""
    given: list[int] = []
    call = HttpClient.call

    def noted(self: HttpClient, asked: Call, *, within_ms: int | None = None) -> Reply:
        given.extend([] if within_ms is None else [within_ms])
        return call(self, asked, within_ms=within_ms)

    monkeypatch.setattr(HttpClient, "call", noted)
    server.world.store_after = 10**6
    patience = Patience(stored_ms=1)
    opener = open_live(server.url, clock=time.clock, sleep=time.sleep, patience=patience)
    outcome = opener(CAST).perform(send("B", "A"))
    assert outcome.result == "unknown"
    assert "not in the log after 1 ms" in outcome.detail
    assert (given, time.now_ms) == ([LAST_LOOK_MS], 1)


def test_a_message_is_found_behind_those_of_others(target: LiveTarget) -> None:
    seqs = []
    for number in range(3):
        outcome = target.perform(send("B", "A", f"t{number}", f"n{number}"))
        assert isinstance(outcome.events[0], Accepted)
        seqs.append(outcome.events[0].seq)
    assert seqs == [1, 2, 3]


@pytest.mark.parametrize(
    "unlogged",
    [Send("B", "", "A", "hi", "n1", no_persist=True), Send("B", "", "A", "hi", "n1", command=True)],
)
def test_what_is_in_no_log_is_accepted_without_a_number(target: LiveTarget, unlogged: Send) -> None:
    outcome = target.perform(unlogged)
    assert isinstance(outcome.events[0], Accepted)
    assert outcome.events[0].seq == 0
    assert history(target, "A", "B") == []


def test_a_payload_is_sent_and_read_as_it_stands(target: LiveTarget) -> None:
    target.perform(Send("B", "", "A", "hi", "n1", payload='{"x":[1],"content":"there"}'))
    view = target.observe(History("A", "", "B"))
    assert isinstance(view, HistoryView)
    assert view.messages[0].text == "there"
    assert json.loads(view.messages[0].payload) == {"x": [1], "content": "there"}


@pytest.mark.parametrize(
    ("action", "why"),
    [
        (Send("B", "phone", "A", "hi", "n1"), "connection"),
        (Send("B", "", "A", "hi", "n1", notice=True), "notices"),
        (Connect("A", "phone"), "connection"),
        (Clear("A", "phone", "B"), "no such operation"),
        (Delete("A", "phone", "B", for_both=True), "for one user"),
        (Read("A", "phone", "B", up_to=3), "message_seq"),
        (MarkUnread("A", "phone", "B"), "how many"),
    ],
)
def test_what_the_api_cannot_do_is_refused_without_asking(
    server: FakeWuKongIM, target: LiveTarget, action: Action, why: str
) -> None:
    asked = len(server.asked)
    outcome = target.perform(action)
    assert (outcome.result, outcome.reason) == ("refused", "unsupported")
    assert why in outcome.detail
    assert len(server.asked) == asked


def test_a_refused_send_says_which_send_it_was(server: FakeWuKongIM, target: LiveTarget) -> None:
    server.misbehave["/message/send"] = always(400, b'{"msg":"no","status":400}')
    assert target.perform(send("B", "A")).events == (Refused("invalid", "no", "B", "n1"),)


# Conversations


def test_the_list_shows_what_was_sent(target: LiveTarget) -> None:
    target.perform(send("B", "A", "one", "n1"))
    target.perform(send("B", "A", "two", "n2"))
    view = listed(target, "A")
    (entry,) = view.entries
    assert (entry.chat, entry.unread, view.total_unread) == ("B", 2, 2)
    assert [message.text for message in entry.messages] == ["one", "two"]
    assert entry.last == entry.messages[-1]
    assert listed(target, "A", "C").entries == ()


def test_a_deleted_conversation_comes_back_with_the_next_message(target: LiveTarget) -> None:
    target.perform(send("B", "A", "hi", "n1"))
    assert target.perform(Flush()).result == "ok"
    assert target.perform(Delete("A", "phone", "B")).result == "ok"
    assert listed(target, "A").entries == ()
    target.perform(send("B", "A", "again", "n2"))
    assert [m.text for m in listed(target, "A").entries[0].messages] == ["again"]
    assert history(target, "A", "B") == ["hi", "again"]


def test_reading_and_marking_move_the_count(target: LiveTarget) -> None:
    for number in ("n1", "n2", "n3"):
        target.perform(send("B", "A", number, number))
    target.perform(MarkUnread("A", "phone", "B", 1))
    assert listed(target, "A").total_unread == 1
    target.perform(Read("A", "phone", "B"))
    assert listed(target, "A").total_unread == 0


def test_a_flush_waits_for_the_rows_that_were_not_stored(target: LiveTarget, time: Time) -> None:
    target.perform(send("B", "A"))
    assert target.observe(Kept("A", "B")) == KeptView(None)
    target.perform(Flush())
    view = target.observe(Kept("A", "B"))
    assert isinstance(view, KeptView)
    assert view.entry is not None
    assert (view.entry.chat, view.entry.unread, view.entry.read_to) == ("B", 1, 0)


def test_a_flush_that_does_not_come_is_unknown(server: FakeWuKongIM, time: Time) -> None:
    opener = open_live(
        server.url, clock=time.clock, sleep=time.sleep, patience=Patience(flushed_ms=600)
    )
    target = opener(CAST)
    target.perform(send("B", "A"))
    server.misbehave["/cluster/conversations"] = always(200, b'{"data":null}')
    outcome = target.perform(Flush())
    assert (outcome.result, outcome.detail) == (
        "unknown",
        "the server has not stored the rows of B, A yet",
    )


def test_a_second_synchronisation_sends_what_the_device_has(
    server: FakeWuKongIM, target: LiveTarget
) -> None:
    target.perform(send("B", "A"))
    first, second, scratch = (
        target.perform(Synchronise("A", "web", cursor=cursor)) for cursor in (None, None, -1)
    )
    answers = [outcome.events[0] for outcome in (first, second, scratch)]
    assert [isinstance(a, ListAnswer) and (a.full, len(a.entries)) for a in answers] == [
        (True, 1),
        (False, 0),
        (True, 1),
    ]
    seqs = [body.get("last_msg_seqs") for body in server.calls("/conversation/sync")]
    assert seqs == [None, "rx1-B:1:1", None]


def test_a_history_is_read_page_by_page(server: FakeWuKongIM, target: LiveTarget) -> None:
    target.perform(send("B", "A"))
    (log,) = server.world.logs.values()
    log.extend({**log[0], "message_seq": seq, "message_id": seq} for seq in range(2, 1202))
    assert len(history(target, "A", "B")) == 1201
    starts = [c["start_message_seq"] for c in server.calls("/channel/messagesync")[-3:]]
    assert starts == [1, 501, 1001]


def test_a_history_that_never_ends_is_given_up(server: FakeWuKongIM, target: LiveTarget) -> None:
    stuck = b'{"more":1,"messages":[{"message_id":1,"message_seq":1}]}'
    server.misbehave["/channel/messagesync"] = always(200, stuck)
    assert len(history(target, "A", "B")) == 2


@pytest.mark.parametrize(
    ("pull", "texts", "more"),
    [
        (Pull("A", "", "B", limit=2), ["t1", "t2"], True),
        (Pull("A", "", "B", start=2, end=3), ["t2"], False),
        (Pull("A", "", "B", ascending=False, limit=2), ["t2", "t3"], True),
        (Pull("A", "", "B", start=2, ascending=False), ["t1", "t2"], False),
    ],
)
def test_a_pull_gives_the_page_it_names(
    target: LiveTarget, pull: Pull, texts: list[str], more: bool
) -> None:
    for number in ("1", "2", "3"):
        target.perform(send("B", "A", f"t{number}", number))
    (page,) = target.perform(pull).events
    assert isinstance(page, HistoryPage)
    assert ([m.text for m in page.messages], page.more) == (texts, more)


def test_opening_a_chat_pulls_its_history(target: LiveTarget) -> None:
    target.perform(send("B", "A"))
    (page,) = target.perform(Open("A", "phone", "B")).events
    assert isinstance(page, HistoryPage)
    assert len(page.messages) == 1


# Groups, lists, presence, raw calls


def test_group_verbs_reach_the_group(server: FakeWuKongIM, target: LiveTarget) -> None:
    for action in (
        CreateGroup("#team", ("B",), user="A"),
        AddMembers("#team", ("C", "D")),
        RemoveMembers("#team", ("C",)),
        Leave("D", "phone", "#team"),
    ):
        assert target.perform(action).result == "ok"
    assert server.world.members == {"rx1-team": ["rx1-A", "rx1-B"]}
    target.perform(SetMembers("#team", ("B", "C")))
    assert server.world.members == {"rx1-team": ["rx1-B", "rx1-C"]}
    target.perform(send("B", "#team"))
    assert listed(target, "C").entries[0].chat == "#team"


def test_groups_of_the_cast_exist_before_the_first_step(
    server: FakeWuKongIM, opened: OpenLive
) -> None:
    opened(Cast(CAST.users, groups=(("team", ("A", "B")),)))
    assert server.world.members == {"rx1-team": ["rx1-A", "rx1-B"]}


def test_a_group_that_cannot_be_made_ends_the_case(server: FakeWuKongIM, opened: OpenLive) -> None:
    server.misbehave["/channel"] = always(400, b'{"msg":"no","status":400}')
    with pytest.raises(TargetUnavailable, match="team could not be made: no"):
        opened(Cast(CAST.users, groups=(("team", ("A", "B")),)))


def test_group_flags_are_written_together(server: FakeWuKongIM, target: LiveTarget) -> None:
    target.perform(SetGroupFlag("#team", "banned", on=True))
    target.perform(SetGroupFlag("#team", "muted", on=True))
    assert server.world.flags["rx1-team"] == {"ban": 1, "send_ban": 1}
    target.perform(SetGroupFlag("#team", "banned", on=False))
    assert server.world.flags["rx1-team"] == {"ban": 0, "send_ban": 1}


def test_a_server_before_2_2_0_cannot_mute_a_group(time: Time) -> None:
    with FakeWuKongIM(version="v2.1.3-20250210") as server:
        target = open_live(server.url, clock=time.clock, sleep=time.sleep)(CAST)
        assert target.perform(SetGroupFlag("#team", "muted", on=True)).reason == "unsupported"
        assert target.perform(SetGroupFlag("#team", "banned", on=True)).result == "ok"


def test_a_send_to_a_banned_group_is_answered_and_unknown(
    target: LiveTarget, server: FakeWuKongIM
) -> None:
    target.perform(CreateGroup("#team", ("A", "B")))
    target.perform(SetGroupFlag("#team", "banned", on=True))
    assert target.perform(send("A", "#team")).result == "unknown"


def test_lists_stand_under_their_owner(server: FakeWuKongIM, target: LiveTarget) -> None:
    target.perform(SetAccess("A", "B", "block", on=True))
    target.perform(SetAccess("#team", "B", "allow", on=True))
    assert server.world.lists == {("black", "rx1-A"): ["rx1-B"], ("white", "rx1-team"): ["rx1-B"]}
    target.perform(SetAccess("A", "B", "block", on=False))
    assert server.world.lists["black", "rx1-A"] == []


def test_a_kick_ends_the_device_or_all_of_them(server: FakeWuKongIM, target: LiveTarget) -> None:
    server.world.online = {("rx1-A", 0), ("rx1-A", 1), ("rx1-B", 0)}
    target.perform(Kick("A", "web"))
    assert server.world.online == {("rx1-A", 0), ("rx1-B", 0)}
    target.perform(Kick("A"))
    assert target.observe(Presence("A", "phone")) == PresenceView("offline")
    assert target.observe(Presence("B", "phone")) == PresenceView("online")


def test_a_raw_request_gets_real_ids_and_keeps_its_answer(
    server: FakeWuKongIM, target: LiveTarget
) -> None:
    request = Request("POST", "/conversations/delete", '{"uid":"@A","channel_id":""}', "r1")
    (event,) = target.perform(request).events
    assert isinstance(event, Response)
    assert event.status == 400
    assert server.calls("/conversations/delete") == [{"uid": "rx1-A", "channel_id": ""}]
    view = target.observe(RawAnswer("r1"))
    assert isinstance(view, ResponseView)
    assert json.loads(view.body)["msg"] == "channel_id or channel_type cannot be empty"


def test_what_a_user_can_observe_changes_with_what_is_done(target: LiveTarget) -> None:
    target.perform(send("B", "A"))
    before, other = target.observe(Observable("A")), target.observe(Observable("B"))
    target.perform(Read("A", "phone", "B"))
    assert isinstance(before, ObservableView)
    assert target.observe(Observable("A")) != before
    assert target.observe(Observable("B")) == other


@pytest.mark.parametrize("question", [Shown("A", "phone"), Received("A", "phone"), Agreement("A")])
def test_what_needs_a_connection_cannot_be_seen(
    target: LiveTarget, question: Shown | Received | Agreement
) -> None:
    with pytest.raises(TargetUnavailable, match="HTTP only"):
        target.observe(question)


# Names


def test_stated_ids_are_used_and_two_cases_share_nothing(
    server: FakeWuKongIM, opened: OpenLive
) -> None:
    opened(Cast(CAST.users, ids=(("A", "a:1"),))).perform(send("B", "A"))
    second = opened(CAST)
    second.perform(send("B", "A"))
    asked = [(c["from_uid"], c["channel_id"]) for c in server.calls("/message/send")]
    assert asked == [("rx1-B", "a:1"), ("rx2-B", "rx2-A")]
    assert [e.chat for e in listed(second, "A").entries] == ["B"]


def test_two_runs_have_ids_of_their_own(server: FakeWuKongIM) -> None:
    for _ in range(2):
        open_live(server.url)(CAST).perform(Read("A", "", "B"))
    first, second = (c["uid"] for c in server.calls("/conversations/clearUnread"))
    assert first != second


def test_admin_verbs_use_ids_as_given_and_remove_nothing(server: FakeWuKongIM, time: Time) -> None:
    target = open_live_admin(server.url, clock=time.clock, sleep=time.sleep)
    assert target.perform(send("alice", "bob")).result == "ok"
    asked = len(server.asked)
    assert target.close() == ()
    assert len(server.asked) == asked
    assert list(server.world.logs) == ["bob@alice"]


def test_a_dry_run_lists_the_calls_and_asks_nothing(server: FakeWuKongIM) -> None:
    target = open_live_admin(server.url, token="hush-hush", connect=False)
    assert target.describe(Delete("A", "", "B")) == (
        'POST /conversations/delete {"uid":"A","channel_id":"B","channel_type":1}',
    )
    sending = target.describe(send("A", "#team"))
    assert [line.split()[1] for line in sending] == ["/message/send", "/channel/messagesync"]
    assert target.describe(Clear("A", "", "B"))[0].startswith("nothing: ")
    assert server.asked == []
    assert "hush" not in "".join(sending)


# Cleaning up


def test_what_a_run_made_is_removed_and_what_stays_is_named(
    server: FakeWuKongIM, opened: OpenLive
) -> None:
    target = opened(Cast(CAST.users, groups=(("team", ("A", "B")),)))
    target.perform(send("B", "A"))
    target.perform(Flush())
    target.perform(SetAccess("A", "B", "block", on=True))
    left = target.close()
    assert left == ("the messages of A@B: the server has no call that erases them",)
    assert server.world.flags["rx1-team"]["disband"] == 1
    assert server.world.lists["black", "rx1-A"] == []
    assert all(row["D"] == 1 for (_, c), row in server.world.rows.items() if "@" in c)


def test_what_cannot_be_removed_is_named_once_the_server_is_gone(opened: OpenLive) -> None:
    with FakeWuKongIM() as going:
        target = open_live(going.url, run="g")(CAST)
        target.perform(Read("A", "phone", "B"))
    (left,) = target.close()
    assert left.startswith("what POST /conversations/delete")
    assert "connection refused" in left


# Servers that misbehave


def always(status: int, body: bytes) -> Misbehaviour:
    return lambda _handler: (status, body)


def hang_up(_handler: Handler) -> None:
    """Close the connection without an answer."""


def reset(handler: Handler) -> None:
    """Break the connection as a dying host does."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()


@pytest.mark.parametrize(
    ("misbehaviour", "result", "reason", "detail"),
    [
        (always(401, b""), "refused", "auth-failed", "token"),
        (always(404, b"404 page not found"), "refused", "unsupported", "no such route"),
        (always(400, b'{"msg":"\xe4\xb8\x8d","status":400}'), "refused", "invalid", "不"),
        (
            always(400, b'{"msg":"context deadline exceeded","status":400}'),
            "unknown",
            "",
            "deadline",
        ),
        (always(200, b'{"status":19}'), "refused", "banned", "19"),
        (always(200, b'{"status":24}'), "refused", "dismissed", "24"),
        (always(500, b""), "unknown", "", "answered 500"),
        (always(301, b""), "unknown", "", "answered 301"),
        (always(200, b"<html>\x1b[31mhi"), "unknown", "", "<html>"),
        (always(200, b""), "unknown", "", "not as the API does"),
        (always(400, b"garbage"), "unknown", "", "garbage"),
        (always(200, b"\xff\xfe"), "unknown", "", "not as the API does"),
        (always(200, b"{}" + b" " * 70_000), "unknown", "", "larger than 65536 bytes"),
        (hang_up, "unknown", "", "/conversations/delete"),
        (reset, "unknown", "", "/conversations/delete"),
    ],
)
def test_every_answer_is_told_as_what_it_is(
    server: FakeWuKongIM, misbehaviour: Misbehaviour, result: str, reason: str, detail: str
) -> None:
    target = open_live(server.url, reply_bytes_max=65_536)(CAST)
    server.misbehave["/conversations/delete"] = misbehaviour
    outcome = target.perform(Delete("A", "phone", "B"))
    assert (outcome.result, outcome.reason) == (result, reason)
    assert detail in outcome.detail
    assert "\x1b" not in outcome.detail


@pytest.mark.parametrize("path", ["/message/send", "/channel/messagesync"])
@pytest.mark.parametrize("misbehaviour", [hang_up, always(500, b""), always(200, b"oops")])
def test_a_send_without_a_whole_answer_is_unknown_and_never_failed(
    server: FakeWuKongIM, target: LiveTarget, path: str, misbehaviour: Misbehaviour
) -> None:
    server.misbehave[path] = misbehaviour
    assert target.perform(send("B", "A")).result == "unknown"


def test_a_slot_without_a_leader_ends_the_case(server: FakeWuKongIM, target: LiveTarget) -> None:
    said = '{"msg":"获取频道所在节点失败！","status":400}'.encode()
    server.misbehave["/conversations/delete"] = always(400, said)
    with pytest.raises(TargetUnavailable, match="not ready"):
        target.perform(Delete("A", "phone", "B"))


@pytest.mark.parametrize(
    "misbehaviour", [hang_up, always(500, b""), always(200, b"[{]"), always(200, b'[{"x":1}]')]
)
def test_a_look_without_a_usable_answer_ends_the_case(
    server: FakeWuKongIM, target: LiveTarget, misbehaviour: Misbehaviour
) -> None:
    server.misbehave["/conversation/sync"] = misbehaviour
    with pytest.raises(TargetUnavailable):
        target.observe(Seen("A", "phone"))


def test_a_server_that_has_gone_ends_the_case(time: Time) -> None:
    with FakeWuKongIM() as server:
        target = open_live(server.url)(CAST)
    with pytest.raises(TargetUnavailable, match=r"cannot connect to .*: connection refused"):
        target.perform(Delete("A", "phone", "B"))


class Mute:
    """A server that takes a call and then sends `drip` again and again, or nothing."""

    def __init__(self, head: bytes, drip: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(head, drip))

    def _serve(self, head: bytes, drip: bytes) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.sendall(head)
            while not self._over.wait(0.01):
                try:
                    connection.sendall(drip)
                except OSError:
                    return

    def __enter__(self) -> Mute:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._listener.close()


@pytest.mark.parametrize(
    ("head", "drip"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 OK\r\n", b"x-slow: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
)
def test_a_server_that_answers_by_drops_is_as_late_as_one_that_is_silent(
    head: bytes, drip: bytes
) -> None:
    with (
        Mute(head, drip) as mute,
        pytest.raises(TargetUnavailable, match="GET /varz: no answer within 150 ms"),
    ):
        open_live(mute.url, call_ms_max=150)


# Reaching it


def refused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def test_nobody_there_is_said_at_once() -> None:
    with pytest.raises(TargetUnavailable, match="connection refused") as caught:
        open_live(f"http://127.0.0.1:{refused_port()}")
    assert "0x" not in caught.value.message


@pytest.mark.parametrize(
    ("path", "misbehaviour", "said"),
    [
        ("/varz", always(200, b"<html>"), "is not the HTTP API of WuKongIM"),
        ("/varz", always(404, b"404 page not found"), "is not .*it answers 404 to /varz"),
        ("/varz", hang_up, "GET /varz"),
        ("/health", hang_up, "GET /health"),
        ("/health", always(500, b'{"message":"no slots"}'), "not ready: .*no slots"),
    ],
)
def test_a_server_that_cannot_be_used_is_said_before_the_first_case(
    server: FakeWuKongIM, path: str, misbehaviour: Misbehaviour, said: str
) -> None:
    server.misbehave[path] = misbehaviour
    with pytest.raises(TargetUnavailable, match=said):
        open_live(server.url)


@pytest.mark.parametrize("body", [b'{"version":""}', b"{}"])
def test_an_unreadable_version_is_no_obstacle(server: FakeWuKongIM, body: bytes) -> None:
    server.misbehave["/varz"] = always(200, body)
    assert open_live(server.url).identity.version == ()


def test_the_token_goes_into_the_header_and_into_no_message() -> None:
    with FakeWuKongIM(token="hush-hush") as server:
        assert open_live(server.url, token="hush-hush")(CAST).perform(Wait(0)).result == "ok"
        for wrong in ("", "hush-wrong"):
            with pytest.raises(TargetUnavailable, match="token") as caught:
                open_live(server.url, token=wrong)
            assert "hush" not in f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize("token", ["secret\nvalue", "sécret"])
def test_a_token_that_no_header_can_carry_is_refused_unseen(token: str) -> None:
    with pytest.raises(UsageError, match="token") as caught:
        open_live("http://127.0.0.1:1", token=token)
    assert "cret" not in caught.value.message


@pytest.mark.parametrize(
    "url",
    ["ftp://h:1", "http://", "h:5001", "http://h:99999", "http://u:secret@h:1", "http://h:1/?a=b"],
)
def test_what_is_no_address_is_said_without_passwords(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_live(url)
    assert "secret" not in caught.value.message


# Time


def test_waiting_and_advancing_use_the_given_clock(target: LiveTarget, time: Time) -> None:
    target.perform(Wait(1_000))
    target.settle()
    assert target.now() == 1_000
    assert target.advance(1_012)
    assert target.advance(1_012)
    assert not target.advance(1_012)
    assert time.slept[-2:] == [5, 7]
    assert target.timers() == ()


def test_dismissing_is_asked_of_the_group(server: FakeWuKongIM, target: LiveTarget) -> None:
    assert target.perform(Dismiss("#team")).result == "ok"
    assert server.calls("/channel/delete") == [{"channel_id": "rx1-team", "channel_type": 2}]
