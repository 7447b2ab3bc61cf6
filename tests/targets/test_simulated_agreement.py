"""Whatever reached a device, and in whatever order: it agrees in the end, asking or not.

Random programs with faults on the links, expiring messages and devices that come and go. At the
end every device synchronises with its own cursor into a copy of its cache (`Agreement`); what it
would show must be what a full synchronisation answers, for every value of the switches that change
what devices are told. The same holds without asking, once every link has let through what it held.
"""

from __future__ import annotations

from random import Random
from typing import cast

import pytest

from imcli.device.cache import DeviceCache
from imcli.model.actions import (
    Action,
    AddMembers,
    Clear,
    Connect,
    Delete,
    Disconnect,
    Fault,
    FaultKind,
    Flag,
    Leave,
    MarkUnread,
    Read,
    Send,
    SetFlag,
    Synchronise,
    Wait,
)
from imcli.model.entities import DeviceSpec, Entry
from imcli.model.questions import (
    Agreement,
    AgreementView,
    ListView,
    Presence,
    PresenceView,
    Shown,
)
from imcli.targets.base import Cast
from imcli.targets.simulated import SimulatedTarget, open_simulated

DEVICES = (DeviceSpec("p"), DeviceSpec("w", "web"))
CAST = Cast((("A", DEVICES), ("B", DEVICES)), (("t", ("A", "B")),))

FAULTS: tuple[FaultKind, ...] = (
    "drops-messages",
    "duplicates-messages",
    "delays",
    "holds",
    "releases-reversed",
    "heals",
)
FLAGS: tuple[Flag, ...] = ("pinned", "muted", "archived")


def send(chance: Random, user: str, device: str, chat: str) -> Send:
    return Send(
        user,
        device,
        chat,
        "hi",
        f"n{chance.random()}",
        no_red_dot=chance.random() < 0.1,
        command=chance.random() < 0.1,
        notice=chance.random() < 0.1,
        expire_ms=chance.choice((0, 0, 0, 2_000)),
    )


def other(chance: Random, user: str, device: str, chat: str) -> Action:
    flag, yes = chance.choice(FLAGS), chance.random() < 0.5
    return chance.choice(
        (
            Delete(user, device, chat),
            Delete(user, device, chat),
            Clear(user, device, chat),
            Read(user, device, chat, chance.choice((0, 0, 2))),
            MarkUnread(user, device, chat, chance.choice((None, 1, 2))),
            SetFlag(user, device, chat, flag, yes),
            SetFlag(user, device, chat, flag, yes),
            Synchronise(user, device),
            Synchronise(user, device, message_count=1),
            Synchronise(user, device, cursor=-1, page=1, page_size=1),
            Connect(user, device),
            Connect(user, device),
            Disconnect(user, device),
            Leave(user, device, "#t"),
            AddMembers("#t", (user,)),
            AddMembers("#t", (user,)),
            Fault(user, device, chance.choice(FAULTS), 1, 700),
            Wait(chance.choice((500, 2_000, 6_000))),
        )
    )


def program_of(seed: int) -> list[Action]:
    chance = Random(seed)
    found: list[Action] = []
    for _ in range(40):
        make = send if chance.random() < 0.45 else other
        who = chance.choice("AB"), chance.choice("pw"), chance.choice(("A", "B", "#t"))
        found.append(make(chance, *who))
    return found


SWITCHES: tuple[dict[str, object], ...] = (
    {},
    {"list_order": "row-update"},
    {"unread_counts": "sequence-difference"},
    {"own_send_reads": False},
    {"delete_history": "kept"},
    {"delete_history": "erased"},
    {"delete_kind": "physical"},
    {"delete_scope": "two-way"},
    {"on_message_after_delete": "stay-hidden"},
    {"on_message_after_delete": "request"},
    {"leave": "keep-read-only"},
    {"rejoin_history": "all"},
    {"archive_on_message": "stay"},
    {"history_for_new_members": "all"},
    {"list_limit": 1},
    {"total_counts_muted": False},
)


def plain(entry: Entry) -> tuple[object, ...]:
    """What a person sees of an entry, without the history that a device need not have."""
    last = entry.last.message_id if entry.last is not None else None
    flags = (entry.pinned, entry.muted, entry.archived, entry.marked_unread)
    return (entry.chat, entry.unread, last, entry.read_to, entry.deleted_to, flags)


def shown(view: ListView) -> tuple[object, ...]:
    return tuple(plain(entry) for entry in view.entries), view.total_unread


def agree(seed: int, table: dict[str, object]) -> None:
    target = cast(SimulatedTarget, open_simulated()(CAST, profile=table))
    for action in program_of(seed):
        target.perform(action, queue=True)
    for user in "AB":
        view = target.observe(Agreement(user))
        assert isinstance(view, AgreementView)
        full = shown(view.lists[-1][1])
        for device, one in view.lists[:-1]:
            assert shown(one) == full, f"seed {seed}: {user}.{device}"


def agree_all(table: dict[str, object]) -> None:
    for seed in range(40):
        agree(seed, table)


@pytest.mark.parametrize("switches", SWITCHES, ids=lambda table: ",".join(map(str, table.values())))
def test_after_synchronising_every_device_shows_the_full_list(switches: dict[str, object]) -> None:
    agree_all({"extends": "reference", **switches})


@pytest.mark.parametrize("step", ["_unlist", "_merge", "_set_marks"])
def test_a_cache_that_leaves_a_step_out_is_found(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(DeviceCache, step, lambda *_: None)
    with pytest.raises(AssertionError, match="seed"):
        agree_all({"extends": "reference"})


# Without asking


def bring_home(target: SimulatedTarget, chance: Random) -> None:
    """Let through whatever is on its way, in either order, and connect who is not there."""
    for user in "AB":
        for device in "pw":
            target.perform(Fault(user, device, chance.choice(("releases", "releases-reversed"))))
            target.perform(Fault(user, device, "heals"))
            presence = target.observe(Presence(user, device))
            if presence != PresenceView("online"):
                target.perform(Connect(user, device))
    target.settle()
    target.perform(Wait(60_000))  # whatever was dropped is sent again


def asks_for_a_part(action: Action) -> bool:
    """Tell whether a device asks for less than the list: then that is all it can show."""
    return isinstance(action, Synchronise) and (action.page > 0 or action.message_count < 20)


def agree_without_asking(seed: int, table: dict[str, object]) -> None:
    chance, actions = Random(seed), [a for a in program_of(seed) if not asks_for_a_part(a)]
    target = cast(SimulatedTarget, open_simulated()(CAST, profile=table))
    for number in range(0, len(actions), 8):
        for action in actions[number : number + 8]:
            target.perform(action)
        bring_home(target, chance)
        for user in "AB":
            full = target.server.listing(user)
            for device in "pw":
                view = target.observe(Shown(user, device))
                assert isinstance(view, ListView)
                mine = ListView(full.entries, full.total_unread)
                assert shown(view) == shown(mine), f"seed {seed}: {user}.{device}"


def agree_all_without_asking(table: dict[str, object]) -> None:
    for seed in range(60):
        agree_without_asking(seed, table)


TOLD = tuple(
    table
    for table in SWITCHES
    if not {"list_limit", "delete_history"} & set(table) or table.get("delete_history") == "erased"
)
"""What a cut list holds, and what is above a hide mark, no event tells."""


@pytest.mark.parametrize("switches", TOLD, ids=lambda table: ",".join(map(str, table.values())))
def test_when_every_link_has_let_go_every_device_shows_the_list(
    switches: dict[str, object],
) -> None:
    agree_all_without_asking({"extends": "reference", **switches})


@pytest.mark.parametrize("step", ["_take_newer", "_take_away", "_put_in_place"])
def test_a_cache_that_takes_what_is_late_for_new_is_found(
    monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    monkeypatch.setattr(DeviceCache, step, lambda *_: ())
    with pytest.raises(AssertionError, match="seed"):
        agree_all_without_asking({"extends": "reference"})
