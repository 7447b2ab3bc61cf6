"""The simulated target: devices with caches and outboxes around a server, and time."""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    Action,
    AddDevice,
    Connect,
    Crash,
    CreateGroup,
    Delete,
    Disconnect,
    Drop,
    Fault,
    Flush,
    Kick,
    Read,
    Restart,
    Send,
    SetAccess,
    SetFlag,
    Synchronise,
    Wait,
)
from imcli.model.entities import DeviceSpec
from imcli.model.errors import InvalidInput
from imcli.model.events import Accepted, Offline, Refused, SessionStarted
from imcli.model.questions import (
    Agreement,
    AgreementView,
    History,
    HistoryView,
    Kept,
    KeptView,
    ListView,
    Observable,
    ObservableView,
    Presence,
    PresenceView,
    Question,
    RawAnswer,
    Received,
    ReceivedView,
    ResponseView,
    Seen,
    Shown,
)
from imcli.targets.base import Cast, Target
from imcli.targets.simulated import SimulatedTarget, open_simulated

PHONE, WEB = DeviceSpec("phone"), DeviceSpec("web", "web")
CAST = Cast((("A", (PHONE, WEB)), ("B", (PHONE,))), (("team", ("A", "B")),))


def world(profile: str = "reference") -> SimulatedTarget:
    target = open_simulated(profile)(CAST)
    assert isinstance(target, SimulatedTarget)
    return target


@pytest.fixture
def target() -> SimulatedTarget:
    return world()


def text(sender: str, chat: str, number: str, device: str = "phone") -> Send:
    return Send(sender, device, chat, "hi", number)


def do(target: Target, *actions: Action) -> None:
    for action in actions:
        assert target.perform(action).result == "ok"


def listed(target: Target, question: Question) -> list[str]:
    view = target.observe(question)
    assert isinstance(view, ListView)
    return [entry.chat for entry in view.entries]


def numbers(target: Target, question: Question) -> list[str]:
    view = target.observe(question)
    assert isinstance(view, ReceivedView | HistoryView)
    found = view.arrivals if isinstance(view, ReceivedView) else view.messages
    return [message.client_msg_no for message in found]


def facts(target: Target, user: str = "B") -> dict[str, str]:
    view = target.observe(Observable(user))
    assert isinstance(view, ObservableView)
    return dict(view.facts)


def presence(target: Target, device: str = "phone") -> str:
    view = target.observe(Presence("A", device))
    assert isinstance(view, PresenceView)
    return view.state


# The beginning


def test_everybody_is_there_online_with_an_empty_cache(target: SimulatedTarget) -> None:
    assert presence(target) == "online"
    assert listed(target, Shown("A", "phone")) == []
    do(target, text("A", "#team", "m1"))
    assert listed(target, Seen("B", "phone")) == ["#team"]
    assert target.close() == ()


def test_a_case_may_bring_its_own_profile() -> None:
    own = open_simulated()(CAST, profile={"delete_scope": "two-way"})
    do(own, text("A", "B", "m1"), Delete("A", "phone", "B"))
    assert listed(own, Seen("B", "phone")) == []
    with pytest.raises(InvalidInput):
        open_simulated()(CAST, profile={"delete_scop": "two-way"})


def test_a_target_says_what_it_is() -> None:
    reference, wukongim = open_simulated(), open_simulated("wukongim-2.1.3")
    assert (reference.identity.name, reference.identity.product) == ("sim", "reference")
    assert (wukongim.identity.name, wukongim.identity.version) == (
        "sim:wukongim-2.1.3",
        (2, 1, 3),
    )
    assert open_simulated("two-way").identity.product == "reference"
    assert "settings" in reference.capabilities
    assert "settings" not in wukongim.capabilities
    assert "raw-requests" not in reference.capabilities


# Outcomes


def test_outcomes_say_what_the_asker_learned(target: SimulatedTarget) -> None:
    assert target.perform(text("A", "B", "m1")).result == "ok"
    refused = target.perform(text("A", "ghost", "m2"))
    assert (refused.result, refused.reason) == ("refused", "invalid")
    do(target, Fault("A", "phone", "loses-acks", 1))
    assert target.perform(text("A", "B", "m3")).result == "unknown"
    do(target, Disconnect("A", "phone"))
    offline = target.perform(text("A", "B", "m4"))
    assert (offline.result, offline.detail) == ("offline", "A.phone is offline")


def test_what_is_refused_leaves_no_trace(target: SimulatedTarget) -> None:
    before = target.server.digest()
    assert target.perform(Delete("A", "phone", "B", for_both=True)).reason == "unsupported"
    assert target.server.digest() == before


# Outboxes


def test_an_outbox_is_sent_in_order_before_the_synchronisation(target: SimulatedTarget) -> None:
    do(target, Disconnect("A", "phone"))
    for number in ("m1", "m2"):
        assert target.perform(text("A", "B", number), queue=True).result == "unknown"
    assert target.perform(Read("A", "phone", "B"), queue=True).result == "unknown"
    assert numbers(target, Received("B", "phone")) == []
    outcome = target.perform(Connect("A", "phone"))
    assert outcome.result == "ok"
    answers = [e.client_msg_no for e in outcome.events if isinstance(e, Accepted)]
    assert answers == ["m1", "m2"]
    assert numbers(target, Received("B", "phone")) == ["m1", "m2"]
    view = target.observe(Shown("A", "phone"))
    assert isinstance(view, ListView)
    assert [m.client_msg_no for m in view.entries[0].messages] == ["m1", "m2"]
    assert numbers(target, History("A", "phone", "B")) == ["m1", "m2"]


def test_a_send_that_waited_may_be_refused_late(target: SimulatedTarget) -> None:
    do(target, Disconnect("A", "phone"))
    target.perform(text("A", "B", "m1"), queue=True)
    target.perform(Delete("A", "phone", "B", for_both=True), queue=True)
    target.perform(text("A", "B", "m2"), queue=True)
    do(target, SetAccess("B", "A", "block", True))
    outcome = target.perform(Connect("A", "phone"))
    refused = [e for e in outcome.events if isinstance(e, Refused)]
    assert outcome.result == "ok"
    assert [(e.reason, e.client_msg_no) for e in refused] == [("blocked", "m1"), ("blocked", "m2")]


def test_a_synchronisation_can_wait_too(target: SimulatedTarget) -> None:
    do(target, Disconnect("A", "web"))
    assert target.perform(Synchronise("A", "web")).result == "offline"
    waiting = target.perform(Synchronise("A", "web", only_unread=True), queue=True)
    assert waiting.result == "unknown"
    do(target, Connect("A", "web"))
    assert presence(target, "web") == "online"


def test_an_outbox_is_emptied_once(target: SimulatedTarget) -> None:
    do(target, Disconnect("A", "phone"))
    target.perform(text("A", "B", "m1"), queue=True)
    do(target, Connect("A", "phone"), Connect("A", "phone"))
    assert numbers(target, Received("B", "phone")) == ["m1"]


# Connecting


def test_connecting_synchronises_incrementally_where_there_is_a_cache(
    target: SimulatedTarget,
) -> None:
    do(target, text("B", "A", "m1"), Synchronise("A", "web"), Disconnect("A", "web"))
    do(target, text("B", "A", "m2"), Delete("A", "phone", "#team"))
    assert numbers(target, Received("A", "web")) == ["m1"]
    do(target, Connect("A", "web"))
    view = target.observe(Shown("A", "web"))
    assert isinstance(view, ListView)
    assert [m.client_msg_no for m in view.entries[0].messages] == ["m1", "m2"]


def test_a_device_that_cannot_connect_is_refused(target: SimulatedTarget) -> None:
    assert target.perform(Connect("A", "fax")).reason == "invalid"


def test_a_new_device_connects_with_an_empty_cache(target: SimulatedTarget) -> None:
    do(target, text("B", "A", "m1"), AddDevice("A", "tablet"), Connect("A", "tablet"))
    assert listed(target, Shown("A", "tablet")) == ["B"]
    assert numbers(target, Received("A", "tablet")) == []


def test_from_scratch_replaces_the_cache() -> None:
    own = open_simulated()(CAST, profile={"sync_deletes": "on-full-sync"})
    do(own, text("B", "A", "m1"), Synchronise("A", "web"))
    do(own, Delete("A", "phone", "B"), Synchronise("A", "web"))
    assert listed(own, Shown("A", "web")) == ["B"]
    do(own, Synchronise("A", "web", cursor=-1))
    assert listed(own, Shown("A", "web")) == []


def test_from_scratch_asked_while_offline_leaves_the_cache(target: SimulatedTarget) -> None:
    do(target, text("B", "A", "m1"), Disconnect("A", "web"))
    assert target.perform(Synchronise("A", "web", cursor=-1)).result == "offline"
    assert listed(target, Shown("A", "web")) == ["B"]


def test_a_page_from_scratch_replaces_the_cache_too(target: SimulatedTarget) -> None:
    do(target, text("B", "A", "m1"), text("B", "#team", "m2"))
    do(target, Synchronise("A", "web", cursor=-1, page=1, page_size=1))
    assert listed(target, Shown("A", "web")) == ["#team"]
    do(target, Synchronise("A", "web", page=2, page_size=1))
    assert listed(target, Shown("A", "web")) == ["#team", "B"]


def test_a_synchronisation_without_a_device_changes_no_cache(target: SimulatedTarget) -> None:
    do(target, text("B", "A", "m1"))
    assert target.perform(Synchronise("A", "")).result == "ok"


@pytest.mark.parametrize("end", [Restart(), Crash()])
def test_after_a_restart_who_was_online_comes_back_in_file_order(
    target: SimulatedTarget, end: Restart | Crash
) -> None:
    do(target, Disconnect("A", "phone"), Drop("B", "phone"), text("A", "B", "m1", "web"))
    outcome = target.perform(end)
    back = [(e.user, e.device) for e in outcome.events if isinstance(e, SessionStarted)]
    assert back == [("A", "web")]
    do(target, Connect("A", "phone"), Connect("B", "phone"))
    outcome = target.perform(end)
    back = [(e.user, e.device) for e in outcome.events if isinstance(e, SessionStarted)]
    assert back == [("A", "phone"), ("A", "web"), ("B", "phone")]
    assert listed(target, Shown("B", "phone")) == ["A"]


# Looking


def test_presence_is_online_offline_or_kicked(target: SimulatedTarget) -> None:
    do(target, Kick("A", "phone"), Disconnect("A", "web"))
    assert (presence(target), presence(target, "web"), presence(target, "fax")) == (
        "kicked",
        "offline",
        "offline",
    )
    do(target, Connect("A", "phone"), Drop("A", "phone"))
    assert presence(target) == "offline"


def test_seeing_one_chat_or_all_of_them_agrees(target: SimulatedTarget) -> None:
    do(target, text("B", "A", "m1"), text("B", "#team", "m2"))
    assert listed(target, Seen("A", "phone")) == ["#team", "B"]
    assert listed(target, Seen("A", "phone", "B")) == ["B"]
    assert listed(target, Seen("A", "phone", "nobody")) == []


def test_the_record_is_what_is_kept(target: SimulatedTarget) -> None:
    assert target.observe(Kept("A", "B")) == KeptView(None)
    do(target, text("B", "A", "m1"))
    view = target.observe(Kept("A", "B"))
    assert isinstance(view, KeptView)
    assert view.entry is not None


def test_raw_answers_are_for_targets_with_http(target: SimulatedTarget) -> None:
    assert target.observe(RawAnswer("r1")) == ResponseView(0, "null")


def test_agreement_asks_each_device_with_its_own_cursor_and_changes_none(
    target: SimulatedTarget,
) -> None:
    do(target, text("B", "A", "m1"), Synchronise("A", "web"), Disconnect("A", "web"))
    do(target, Delete("A", "phone", "B"), text("B", "A", "m2"))
    view = target.observe(Agreement("A"))
    assert isinstance(view, AgreementView)
    assert [device for device, _ in view.lists] == ["phone", "web", ""]
    for _, view_of_one in view.lists:
        assert [m.client_msg_no for e in view_of_one.entries for m in e.messages] == ["m2"]
    stale = target.observe(Shown("A", "web"))
    assert isinstance(stale, ListView)
    assert [m.client_msg_no for m in stale.entries[0].messages] == ["m1"]


def test_another_users_delete_leaves_everything_observable_as_it_was(
    target: SimulatedTarget,
) -> None:
    do(target, text("B", "A", "m1"), SetFlag("B", "phone", "A", "pinned", True))
    before = facts(target)
    do(target, Delete("A", "phone", "B"), SetFlag("A", "phone", "B", "muted", True))
    assert facts(target) == before


@pytest.mark.parametrize(
    ("action", "what"),
    [
        (text("A", "B", "m2"), "the conversation with A"),
        (text("A", "B", "m2"), "the history with A"),
        (text("A", "B", "m2"), "what B.phone shows of A"),
        (text("A", "B", "m2"), "what B.phone received"),
        (text("A", "B", "m2"), "the total unread"),
        (Disconnect("B", "phone"), "the session of B.phone"),
        (SetFlag("B", "phone", "A", "archived", True), "the conversation with A"),
    ],
)
def test_what_is_observable_names_what_changed(
    target: SimulatedTarget, action: Action, what: str
) -> None:
    do(target, text("B", "A", "m1"))
    before = facts(target)
    do(target, action)
    assert facts(target)[what] != before[what]


# Time


def test_settling_brings_what_is_under_way(target: SimulatedTarget) -> None:
    do(target, Fault("A", "phone", "delays", duration_ms=500), text("B", "A", "m1"))
    assert numbers(target, Received("A", "phone")) == []
    target.settle()
    assert (numbers(target, Received("A", "phone")), target.now()) == (["m1"], 500)
    target.settle()
    assert target.now() == 500


def test_advancing_stops_at_each_moment_that_may_matter(target: SimulatedTarget) -> None:
    do(
        target,
        Fault("A", "phone", "drops-messages", 1),
        Send("B", "phone", "A", "hi", "m1", expire_ms=7_000),
    )
    assert target.timers() == ("a resend to A.phone in 5s", "an expiry in 7s")
    assert target.advance(60_000)
    assert (target.now(), numbers(target, Received("A", "phone"))) == (5_000, ["m1"])
    assert target.advance(60_000)
    assert (target.now(), listed(target, Seen("A", "phone"))) == (7_000, [])
    while target.advance(60_000):
        pass
    assert (target.now(), target.timers()) == (60_000, ())


def test_a_flush_that_has_nothing_to_write_is_no_timer_to_wait_for() -> None:
    target = world("wukongim-2.1.3")
    do(target, text("B", "A", "m1"))
    assert target.timers() == ("the server's next flush in 5m",)
    do(target, Crash())
    assert target.timers() == ()
    do(target, text("B", "A", "m2"))
    assert len(target.timers()) == 1


def test_a_wait_moves_time(target: SimulatedTarget) -> None:
    do(target, Wait(1_000))
    assert target.now() == 1_000


def test_a_fork_goes_its_own_way(target: SimulatedTarget) -> None:
    do(target, text("B", "A", "m1"), Disconnect("A", "web"))
    target.perform(text("A", "B", "m2", "web"), queue=True)
    twin = target.fork()
    do(twin, Delete("A", "phone", "B"), Connect("A", "web"))
    assert listed(target, Shown("A", "phone")) == ["B"]
    assert numbers(target, Received("B", "phone")) == []
    assert numbers(twin, Received("B", "phone")) == ["m2"]


# WuKongIM 2.1.3, through the same target


def test_the_seed_case_fails_on_wukongim_2_1_3_and_not_on_the_reference() -> None:
    for name, seen in (("reference", ["B"]), ("wukongim-2.1.3", [])):
        target = world(name)
        do(target, text("B", "A", "m1"), Flush())
        do(target, Delete("A", "phone", "B"), text("B", "A", "m2"))
        assert listed(target, Seen("A", "phone")) == seen
        assert numbers(target, Received("A", "phone")) == ["m1", "m2"]


def test_an_offline_answer_names_the_device() -> None:
    target = world()
    do(target, Disconnect("A", "phone"), CreateGroup("#new", ("A",)))
    assert target.server.apply(text("A", "B", "m1")) == [Offline("A", "phone")]
