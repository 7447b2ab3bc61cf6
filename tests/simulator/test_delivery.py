"""Delivery: pushes, acknowledgements, resends, faults of links, commands, no-persist messages."""

from __future__ import annotations

import pytest

from imcli.model.actions import (
    Connect,
    Crash,
    Delete,
    Drop,
    Fault,
    FaultKind,
    Kick,
    RemoveMembers,
    Restart,
    Wait,
)
from imcli.model.entities import DeviceKey
from imcli.model.events import (
    ConversationPushed,
    Lost,
    Pushed,
    SessionEnded,
    Stored,
    Unanswered,
)
from imcli.simulator import clock
from tests.simulator.world import SECOND, World, policy


@pytest.fixture
def world() -> World:
    return World("A", "B")


def test_a_message_goes_once_to_every_device_but_the_one_that_sent_it(world: World) -> None:
    message = world.send("B", "A")
    (pushed,) = [event for event in world.said if isinstance(event, Pushed)]
    assert pushed.message == message
    assert pushed.devices == (
        DeviceKey("A", "phone"),
        DeviceKey("A", "web"),
        DeviceKey("B", "web"),
    )


def test_the_back_end_pushes_to_all_devices_of_both(world: World) -> None:
    message = world.send("B", "A", device="")
    assert message.message_id in world.got("B", "phone")
    assert message.message_id in world.got("B", "web")


def test_an_offline_device_gets_no_push(world: World) -> None:
    world.offline("A")
    message = world.send("B", "A")
    assert message.message_id not in world.got("A", "web")
    world.online("A")
    assert world.sync("A").entries[0].last == message


def test_a_dropped_push_is_sent_again_after_five_seconds(world: World) -> None:
    world.fault("A", "phone", "drops-messages", 1)
    message = world.send("B", "A")
    assert Lost(message, (DeviceKey("A", "phone"),)) in world.said
    assert message.message_id not in world.got("A", "phone")
    world.wait(5 * SECOND - 1)
    assert message.message_id not in world.got("A", "phone")
    (pushed,) = [event for event in world.wait(1) if isinstance(event, Pushed)]
    assert (pushed.devices, pushed.attempt) == ((DeviceKey("A", "phone"),), 2)
    world.wait(60 * SECOND)
    assert world.got("A", "phone").count(message.message_id) == 1


def test_a_push_is_sent_again_five_times_at_most(world: World) -> None:
    world.fault("A", "phone", "drops-messages", 6)
    message = world.send("B", "A")
    world.wait(3_600 * SECOND)
    assert message.message_id not in world.got("A", "phone")
    assert world.server.state.device_w("A", "phone").pending == {}
    assert world.sync("A", "phone").entries[0].last == message


def test_five_drops_are_still_overcome() -> None:
    world = World("A", "B", profile=policy(resend_after=SECOND))
    world.fault("A", "phone", "drops-messages", 5)
    message = world.send("B", "A")
    world.wait(5 * SECOND)
    assert world.got("A", "phone") == [message.message_id]


def test_a_holding_link_lets_through_in_order_or_in_reverse(world: World) -> None:
    for kind in ("releases", "releases-reversed"):
        world.fault("A", "phone", "holds")
        sent = [world.send("B", "A").message_id for _ in range(3)]
        assert not set(sent) & set(world.got("A", "phone"))
        world.fault("A", "phone", kind)
        arrived = world.got("A", "phone")[-3:]
        assert arrived == (sent if kind == "releases" else sent[::-1])
        world.wait(60 * SECOND)
        assert world.got("A", "phone")[-3:] == arrived


def test_what_is_held_is_sent_again_meanwhile(world: World) -> None:
    world.fault("A", "phone", "holds")
    message = world.send("B", "A")
    world.wait(5 * SECOND)
    world.fault("A", "phone", "releases")
    assert world.got("A", "phone") == [message.message_id] * 2


def test_a_link_can_duplicate(world: World) -> None:
    world.fault("A", "phone", "duplicates-messages", 1)
    message = world.send("B", "A")
    assert world.got("A", "phone") == [message.message_id] * 2
    again = world.send("B", "A")
    assert world.got("A", "phone").count(again.message_id) == 1


def test_a_delay_moves_time_only_when_things_settle(world: World) -> None:
    world.fault("A", "phone", "delays", duration_ms=500)
    message = world.send("B", "A")
    assert message.message_id not in world.got("A", "phone")
    events = world.server.settle()
    assert events == [Pushed(message, (DeviceKey("A", "phone"),), 1)]
    assert world.server.state.now == 500


def test_a_duplicate_can_be_delayed_too(world: World) -> None:
    world.fault("A", "phone", "delays", duration_ms=500)
    world.fault("A", "phone", "duplicates-messages", 1)
    world.send("B", "A")
    assert len(world.server.settle()) == 2


def test_a_healed_link_lets_everything_through(world: World) -> None:
    for kind in ("drops-messages", "drops-sends", "loses-acks", "duplicates-messages"):
        world.fault("A", "phone", kind, 5)
    world.fault("A", "phone", "delays", duration_ms=500)
    world.fault("A", "phone", "holds")
    world.fault("A", "phone", "heals")
    device = world.server.state.device("A", "phone")
    assert device is not None
    assert device.link is None
    assert world.send("B", "A").message_id in world.got("A", "phone")


def test_healing_delivers_what_was_held(world: World) -> None:
    world.fault("A", "phone", "holds")
    message = world.send("B", "A")
    world.fault("A", "phone", "heals")
    assert world.got("A", "phone") == [message.message_id]


def test_releasing_a_clean_link_does_nothing(world: World) -> None:
    world.fault("A", "phone", "releases")
    assert world.said[1:] == []


def test_released_frames_meet_the_delay_of_the_link(world: World) -> None:
    world.fault("A", "phone", "delays", duration_ms=500)
    world.fault("A", "phone", "holds")
    message = world.send("B", "A")
    world.fault("A", "phone", "releases")
    assert world.got("A", "phone") == []
    assert world.server.settle() == [Pushed(message, (DeviceKey("A", "phone"),), 1)]


def test_faults_need_a_device(world: World) -> None:
    assert world.refuses(Fault("A", "fax", "holds")) == "invalid"


def test_a_lost_answer_leaves_the_sender_unknowing_but_the_message_stored(world: World) -> None:
    world.fault("B", "phone", "loses-acks", 1)
    world.do(world.text("B", "A"))
    assert isinstance(world.said[0], Stored)
    assert world.said[1] == Unanswered("B", "phone", True, "x")
    assert world.sees("A") == ["B"]
    world.do(world.text("B", "A"))
    assert world.accepted().duplicate


def test_a_lost_refusal_is_not_known_either(world: World) -> None:
    world.fault("B", "phone", "loses-acks", 1)
    world.do(world.text("B", "nobody"))
    assert world.said == [Unanswered("B", "phone", False, "x")]


def test_a_dropped_send_never_arrives(world: World) -> None:
    world.fault("B", "phone", "drops-sends", 2)
    world.do(world.text("B", "A"))
    assert world.said == [Unanswered("B", "phone", False, "x")]
    world.do(world.text("B", "A"))
    assert world.sees("A") == []
    world.do(world.text("B", "A"))
    assert world.accepted().seq == 1


def test_a_dead_link_is_believed_in_until_resends_are_in_vain(world: World) -> None:
    world.do(Drop("A", "phone"))
    message = world.send("B", "A")
    assert Lost(message, (DeviceKey("A", "phone"),)) in world.said
    assert world.wait(30 * SECOND - 1)[1:] == []
    assert world.wait(1)[1:] == [SessionEnded("A", "phone", "timeout")]
    assert world.got("A", "phone") == []
    world.online("A", "phone")
    assert world.sync("A", "phone").entries[0].last == message


def test_a_dead_link_gets_no_pushes_and_no_events(world: World) -> None:
    world.send("B", "A")
    world.do(Drop("A", "phone"))
    world.do(Drop("A", "phone"))
    world.do(Delete("A", "web", "B"))
    assert not world.told("A", "phone")
    assert world.refuses(Drop("A", "fax")) == "invalid"


def test_dropping_an_offline_device_changes_nothing(world: World) -> None:
    world.offline("A")
    before = world.server.digest()
    world.do(Drop("A", "web"))
    assert world.server.digest() == before


def test_a_frame_dies_with_the_session_that_it_was_on(world: World) -> None:
    world.fault("A", "phone", "delays", duration_ms=500)
    world.send("B", "A")
    world.offline("A", "phone")
    world.online("A", "phone")
    assert world.server.settle() == []
    assert world.wait(60 * SECOND)[1:] == []


def test_a_frame_under_way_is_lost_when_the_link_dies(world: World) -> None:
    world.fault("A", "phone", "delays", duration_ms=500)
    world.send("B", "A")
    world.do(Drop("A", "phone"))
    assert world.server.settle() == []


@pytest.mark.parametrize("how", ["releases", "heals"])
def test_what_a_link_held_dies_with_it(world: World, how: FaultKind) -> None:
    world.fault("A", "phone", "holds")
    world.send("B", "A")
    world.do(Delete("A", "web", "B"))
    world.do(Drop("A", "phone"))
    world.fault("A", "phone", how)
    assert world.got("A", "phone") == []
    assert not world.told("A", "phone")
    assert world.server.state.users["A"].devices["phone"].link is None


@pytest.mark.parametrize("how", ["offline", "dead", "dropped", "held"])
def test_each_device_gets_each_command_once(world: World, how: str) -> None:
    if how == "offline":
        world.offline("A", "phone")
    elif how == "dead":
        world.do(Drop("A", "phone"))
    elif how == "dropped":
        world.fault("A", "phone", "drops-messages", 1)
    else:
        world.fault("A", "phone", "holds")
    command = world.send("B", "A", command=True)
    assert world.got("A", "web") == [command.message_id]
    if how in ("offline", "dead"):
        world.online("A", "phone")
    assert world.sync("A", "phone").commands == (command,)
    assert world.sync("A", "phone").commands == ()
    assert world.got("A", "phone") == []
    assert world.wait(60 * SECOND)[1:] == []


@pytest.mark.parametrize("link", ["held", "slow"])
def test_a_command_that_a_synchronisation_tells_is_on_its_way_no_more(
    world: World, link: str
) -> None:
    if link == "held":
        world.fault("A", "phone", "holds")
    else:
        world.fault("A", "phone", "delays", duration_ms=500)
    first = world.send("B", "A")
    command = world.send("B", "A", command=True)
    assert world.sync("A", "phone").commands == (command,)
    world.fault("A", "phone", "releases")
    world.server.settle()
    assert command.message_id not in world.got("A", "phone")
    assert list(world.server.state.frames.values()) == []
    if link == "held":
        assert world.got("A", "phone") == [first.message_id]


def test_a_command_given_up_waits_for_the_next_synchronisation(world: World) -> None:
    world.fault("A", "phone", "drops-messages", 6)
    command = world.send("B", "A", command=True)
    world.wait(60 * SECOND)
    assert world.sync("A", "phone").commands == (command,)


def test_a_command_given_up_that_comes_by_the_link_is_not_told_again(world: World) -> None:
    world.fault("A", "phone", "holds")
    command = world.send("B", "A", command=True)
    world.wait(60 * SECOND)
    world.fault("A", "phone", "releases")
    assert set(world.got("A", "phone")) == {command.message_id}
    assert world.sync("A", "phone").commands == ()


def test_a_command_given_up_that_is_told_does_not_come_by_the_link_again(world: World) -> None:
    world.fault("A", "phone", "holds")
    command = world.send("B", "A", command=True)
    world.wait(60 * SECOND)
    assert world.sync("A", "phone").commands == (command,)
    world.fault("A", "phone", "releases")
    assert world.got("A", "phone") == []
    assert world.server.state.frames == {}


def test_missed_commands_come_in_order_and_not_after_their_time(world: World) -> None:
    world.offline("A")
    first = world.send("B", "A", command=True)
    world.send("B", "A", command=True, expire_ms=SECOND)
    second = world.send("B", "A", command=True)
    world.wait(SECOND)
    world.online("A")
    assert world.sync("A").commands == (first, second)


def test_commands_are_never_listed_counted_or_in_history(world: World) -> None:
    world.send("B", "A")
    command = world.send("B", "A", command=True)
    assert command.seq == 2
    assert (world.seqs("A", "B"), world.history("A", "B"), world.unread("A", "B")) == ([1], [1], 1)


def test_a_no_persist_message_has_no_seq_and_reaches_online_devices_only(world: World) -> None:
    world.offline("A")
    message = world.send("B", "A", no_persist=True)
    assert message.seq == 0
    assert world.got("A", "phone") == [message.message_id]
    world.online("A")
    assert world.sync("A").entries == ()
    assert world.history("A", "B") == []


def test_a_no_persist_message_is_recognised_for_seven_days_and_then_forgotten(
    world: World,
) -> None:
    message = world.send("B", "A", number="x", no_persist=True)
    world.do(world.text("B", "A"))
    assert (world.accepted().duplicate, world.accepted().message_id) == (True, message.message_id)
    world.wait(7 * 86_400_000 + 1)
    world.send("B", "A", number="y", no_persist=True)
    assert [u.client_msg_no for u in world.server.state.logs["A@B"].all_remembered()] == ["y"]
    world.do(world.text("B", "A"))
    assert not world.accepted().duplicate


def test_events_of_conversations_travel_over_the_link_too(world: World) -> None:
    world.send("B", "A")
    world.fault("A", "web", "holds")
    world.read("A", "B")
    assert not world.told("A", "web")
    assert world.told("A", "phone")
    world.fault("A", "web", "releases")
    (event,) = world.told("A", "web")
    assert (event.change, event.devices) == ("read", ("web",))


def test_events_may_come_late(world: World) -> None:
    world.send("B", "A")
    world.fault("A", "web", "delays", duration_ms=500)
    world.read("A", "B")
    (event,) = world.server.settle()
    assert isinstance(event, ConversationPushed)


def test_what_is_under_way_is_kept_and_nothing_else(world: World) -> None:
    state = world.server.state
    world.fault("A", "phone", "delays", duration_ms=500)
    world.fault("A", "phone", "duplicates-messages", 1)
    for _ in range(20):
        world.send("B", "A")
        world.read("A", "B")
    assert state.frames
    world.server.settle()
    assert state.frames == {}


@pytest.mark.parametrize("ending", ["give up", "goodbye", "restart", "release"])
def test_frames_go_when_nobody_waits_for_them(world: World, ending: str) -> None:
    state = world.server.state
    world.fault("A", "phone", "drops-messages", 9)
    world.fault("A", "web", "holds")
    world.send("B", "A")
    world.read("A", "B")
    assert state.frames
    if ending == "give up":
        world.wait(60 * SECOND)
        world.fault("A", "web", "heals")
    elif ending == "release":
        world.fault("A", "web", "releases")
        world.fault("A", "phone", "heals")
        world.wait(5 * SECOND)
    elif ending == "restart":
        world.do(Restart())
    else:
        world.offline("A", "phone")
        world.offline("A", "web")
    assert state.frames == {}


def test_timers_are_named_while_they_mean_something(world: World) -> None:
    state = world.server.state
    world.fault("A", "phone", "drops-messages", 1)
    world.send("B", "A")
    assert clock.running(state) == ("a resend to A.phone in 5s",)
    world.offline("A", "phone")
    assert clock.running(state) == ()
    assert clock.next_due(state) == 5_000
    world.wait(10 * SECOND)
    assert clock.next_due(state) is None


def test_a_flush_is_named_too() -> None:
    from imcli.simulator.profiles import load_profile

    world = World("A", "B", profile=load_profile("wukongim-2.1.3"))
    world.send("B", "A")
    assert clock.running(world.server.state) == ("the server's next flush in 5m",)


def test_one_step_meets_a_bounded_number_of_timers(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from imcli.model.errors import TargetUnavailable

    monkeypatch.setattr(clock, "TIMER_EVENTS_MAX", 3)
    world.fault("A", "phone", "drops-messages", 9)
    world.send("B", "A")
    with pytest.raises(TargetUnavailable, match="timer events in one step"):
        world.do(Wait(3_600 * SECOND))


@pytest.mark.parametrize("end", [Restart(), Crash()])
def test_a_restart_ends_every_session_and_loses_no_message(
    world: World, end: Restart | Crash
) -> None:
    world.send("B", "A")
    world.fault("A", "phone", "delays", duration_ms=500)
    command = world.send("B", "A", command=True)
    listed = world.server.listing("A").entries
    world.do(end)
    because = "crash" if isinstance(end, Crash) else "restart"
    ended = [event for event in world.said if isinstance(event, SessionEnded)]
    assert [event.because for event in ended] == [because] * 4
    assert world.server.listing("A").entries == listed
    assert world.server.settle() == []
    world.do(Connect("A", "phone"))
    assert world.sync("A", "phone").commands == (command,)


def test_a_kick_ends_one_session_or_all(world: World) -> None:
    world.do(Kick("A", "phone"))
    assert world.said[1:] == [SessionEnded("A", "phone", "kicked")]
    world.do(Kick("A"))
    assert world.said[1:] == [SessionEnded("A", "web", "kicked")]
    assert world.refuses(Kick("A", "fax")) == "invalid"
    assert world.refuses(Kick("nobody")) == "invalid"


def test_forks_do_not_share_what_is_under_way(world: World) -> None:
    world.fault("A", "phone", "holds")
    message = world.send("B", "A")
    fork = world.server.fork()
    world.fault("A", "phone", "releases")
    assert world.got("A", "phone") == [message.message_id]
    events = fork.apply(Fault("A", "phone", "releases"))
    assert [type(event) for event in events[1:]] == [Pushed]


@pytest.mark.parametrize("how", ["dead", "held"])
def test_a_link_is_in_the_way_of_who_has_a_device_of_the_actors_name(how: str) -> None:
    """`A.phone` acts, and `B.phone` cannot be reached: only the name is the same."""
    world = World("A", "B", profile=policy(delete_scope="asked"))
    world.group("#team", "A", "B")
    world.send("B", "A")
    if how == "dead":
        world.do(Drop("B", "phone"))
    else:
        world.fault("B", "phone", "holds")
    for act in (RemoveMembers("#team", ("B",), "A", "phone"), Delete("A", "phone", "B", True)):
        world.do(act)
        assert [event.change for event in world.told("B", "web")] in (["left"], ["deleted"])
        assert not world.told("B", "phone")
    if how == "held":
        world.fault("B", "phone", "releases")
        assert [event.change for event in world.told("B", "phone")] == ["left", "deleted"]


def test_who_asks_over_a_link_with_a_fault_is_told_by_the_answer(world: World) -> None:
    world.send("B", "A")
    world.fault("A", "phone", "holds")
    world.read("A", "B")
    assert [event.change for event in world.told("A", "phone")] == ["read"]
