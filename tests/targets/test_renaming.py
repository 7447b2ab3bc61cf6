"""Names for the harness, real ids for the server."""

from __future__ import annotations

from typing import get_args

import msgspec
import pytest

from imcli.model import actions, entities, events, questions
from imcli.model.actions import (
    Action,
    AddMembers,
    CreateGroup,
    Delete,
    Disconnect,
    Fault,
    Send,
    SetAccess,
    Synchronise,
    Wait,
)
from imcli.model.entities import DeviceKey, DeviceSpec, Message
from imcli.model.events import Accepted, ListAnswer, MembersChanged, Pushed, Stored
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
    Received,
    ReceivedView,
    Seen,
    Shown,
)
from imcli.targets.base import Cast, Outcome, Target
from imcli.targets.renaming import ROLES, Names, RenamedTarget, real_cast, renamed, tables_of
from imcli.targets.simulated import SimulatedTarget, open_simulated

PHONE, WEB = DeviceSpec("phone"), DeviceSpec("web", "web")
IDS = (("A", "z:1"), ("B", "b|2"), ("team", "t|1"))
CAST = Cast((("A", (PHONE, WEB)), ("B", (PHONE,)), ("C", (PHONE,))), (("team", ("A", "B")),), IDS)
PLAIN = Cast(CAST.users, CAST.groups)

STEPS: tuple[Action, ...] = (
    Send("B", "phone", "A", "hi", "m1"),
    Send("A", "phone", "#team", "hi", "m2"),
    AddMembers("#team", ("C",), "A", "phone"),
    Send("C", "phone", "#team", "hi", "m3"),
    Synchronise("A", "web", chats=("B", "#team")),
    Delete("A", "phone", "B"),
    Disconnect("A", "web"),
    Send("B", "phone", "A", "hi", "m4", command=True),
    Send("B", "phone", "A", "hi", "m5"),
    SetAccess("A", "B", "block", True),
    Send("B", "phone", "A", "hi", "m6"),
    Synchronise("A", "phone"),
    Fault("A", "phone", "delays", duration_ms=500),
    Send("A", "phone", "B", "hi", "m7"),
    CreateGroup("#late", ("A", "B"), "A", "phone"),
    Wait(1_000),
)


def both() -> tuple[Target, Target]:
    return open_simulated()(CAST), open_simulated()(PLAIN)


def without_details(outcome: Outcome) -> Outcome:
    """Details are for people, and say real ids."""
    told = tuple(
        msgspec.structs.replace(event, detail="") if isinstance(event, events.Refused) else event
        for event in outcome.events
    )
    return msgspec.structs.replace(outcome, detail="", events=told)


def test_renaming_is_an_isomorphism() -> None:
    """Every outcome and every view is what it would be if the ids were the names."""
    odd, plain = both()
    for step in STEPS:
        assert without_details(odd.perform(step)) == without_details(plain.perform(step)), step
        for user, device in (("A", "phone"), ("A", "web"), ("B", "phone"), ("C", "phone")):
            for question in (
                Seen(user, device),
                Seen(user, device, "B"),
                Shown(user, device),
                Kept(user, "#team"),
                History(user, device, "#team"),
                Received(user, device),
                Presence(user, device),
                Agreement(user),
            ):
                assert odd.observe(question) == plain.observe(question), (step, question)


def test_the_server_runs_with_the_real_ids() -> None:
    odd, _ = both()
    assert isinstance(odd, RenamedTarget)
    assert isinstance(odd.inner, SimulatedTarget)
    assert list(odd.inner.server.state.users) == ["z:1", "b|2", "C"]
    odd.perform(STEPS[0])
    assert list(odd.inner.server.state.channels) == ["#t|1", "b|2@z:1"]


def test_a_cast_without_ids_gets_the_target_itself() -> None:
    _, plain = both()
    assert isinstance(plain, SimulatedTarget)
    assert renamed(PLAIN, lambda cast: plain) is plain


def test_time_and_the_end_are_passed_on() -> None:
    odd, _ = both()
    odd.perform(Fault("A", "phone", "drops-messages", 1))
    odd.perform(Send("B", "phone", "A", "hi", "m1"))
    assert odd.timers() == ("a resend to z:1.phone in 5s",)
    assert odd.advance(60_000)
    assert odd.now() == 5_000
    odd.settle()
    assert odd.close() == ()
    assert odd.virtual
    assert odd.identity.name == "sim"


def test_facts_for_people_keep_the_real_ids() -> None:
    odd, _ = both()
    odd.perform(Send("B", "phone", "A", "hi", "m1"))
    view = odd.observe(Observable("A"))
    assert isinstance(view, ObservableView)
    assert "the history with b|2" in dict(view.facts)


def test_an_action_without_a_renamed_name_is_passed_as_it_is() -> None:
    there = Names(tables_of(CAST)[0])
    wait = Wait(5)
    assert there.struct(wait) is wait
    send = Send("C", "phone", "D", "A", "B")
    assert there.struct(send) is send


def test_renaming_there_and_back_is_the_identity() -> None:
    forth, reverse = tables_of(CAST)
    there, back = Names(forth), Names(reverse)
    message = Message("A@B", 1, 1, "c1", "B")
    answer = ListAnswer(
        "A",
        "phone",
        False,
        3,
        (entities.Entry("#team", last=message, messages=(message,)),),
        (("B", 1),),
        (message,),
        requests=("B",),
        unlisted=(entities.Entry("B"),),
    )
    for value in (
        answer,
        Pushed(message, (DeviceKey("A", "web"), DeviceKey("C", "web"))),
        Stored(message),
        Accepted("A", "phone", "c1", 1, 1, message),
        MembersChanged("#team", 1, ("A",), ("B",)),
        events.ConversationPushed("A", "B", "read", ("web",), 1, 0, entities.Entry("B")),
        Synchronise("A", "phone", seqs=(("B", 1),), chats=("#team",)),
        AgreementView((("phone", ListView((entities.Entry("B"),))),)),
        HistoryView((message,)),
        KeptView(entities.Entry("B")),
        ReceivedView((message,)),
        PresenceView("online"),
    ):
        real = there.struct(value)
        assert "z:1" in str(real) or "b|2" in str(real) or "t|1" in str(real) or real == value
        assert back.struct(real) == value


def test_the_first_groups_get_their_real_members() -> None:
    real = real_cast(CAST, Names(tables_of(CAST)[0]))
    assert real.groups == (("#t|1", ("z:1", "b|2")),)
    assert real.ids == ()


WORDS = """
device kind level text client_msg_no payload no_persist no_red_dot command notice expire_ms
for_both up_to count flag on cursor only_unread message_count page page_size start end limit
ascending access duration_ms offset_ms method path body label message_id seq duplicate reason
detail done full total_unread partial now_ms more status because rows crashed attempt dismissed
change deleted_to fresh_device facts state online time_ms expires_ms sync_once unread read_to
pinned muted archived marked_unread order floor setting topic ahead_ms alone untold
"""
FIELDS_THAT_ARE_NO_NAME = frozenset(WORDS.split())


def structs() -> list[type[msgspec.Struct]]:
    unions = (actions.Action, events.Event, questions.Question, questions.View)
    return [*(kind for union in unions for kind in get_args(union)), Message, entities.Entry]


@pytest.mark.parametrize("kind", structs(), ids=lambda kind: kind.__name__)
def test_every_field_of_the_model_is_known_to_hold_a_name_or_not(
    kind: type[msgspec.Struct],
) -> None:
    """A new field must be put into one of the two tables."""
    assert not set(kind.__struct_fields__) - set(ROLES) - FIELDS_THAT_ARE_NO_NAME
