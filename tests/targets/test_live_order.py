"""Where a list stands whose order the server leaves open."""

from __future__ import annotations

import pytest

from imcli.model.actions import Delete, MarkUnread, Read, Send, SetAccess
from imcli.model.entities import Entry
from imcli.targets.live.order import ListOrder

OLD, NEW = (2, 1, 3), (2, 2, 5)


def said(user: str, chat: str) -> Send:
    return Send(user, "phone", chat, "hi", "n1")


def known(*peers: str, version: tuple[int, ...] = NEW) -> ListOrder:
    """Each of them wrote to A, one after the other."""
    order = ListOrder(version)
    for peer in peers:
        order.stored(said(peer, "A"), 1)
    return order


def listed(answered: str) -> tuple[Entry, ...]:
    size = len(answered)
    return tuple(Entry(chat, 0, None, order=(size - n,)) for n, chat in enumerate(answered))


def arranged(order: ListOrder, answered: str) -> str:
    return "".join(entry.chat for entry in order.arrange("A", listed(answered)))


@pytest.mark.parametrize("answered", ["BCD", "DBC", "CDB"])
def test_what_no_step_flushed_stands_oldest_first(answered: str) -> None:
    assert arranged(known("B", "C", "D"), answered) == "BCD"


@pytest.mark.parametrize("answered", ["BCD", "DBC", "CDB"])
def test_what_one_flush_stored_stands_newest_first(answered: str) -> None:
    order = known("B", "C", "D")
    order.flushed()
    assert arranged(order, answered) == "DCB"


def test_what_no_step_flushed_stands_behind_what_has_a_place() -> None:
    assert arranged(known("B"), "BX") == "XB"


def test_rows_of_different_flushes_stay_as_the_server_has_them() -> None:
    order = known("B")
    order.flushed()
    order.stored(said("C", "A"), 1)
    order.flushed()
    assert arranged(order, "CB") == "CB"
    assert arranged(order, "BC") == "BC"


def test_rows_of_one_flush_change_places_among_themselves_only() -> None:
    order = known("B", "C")
    order.flushed()
    assert arranged(order, "BXC") == "CXB"


@pytest.mark.parametrize(
    "action",
    [
        Read("A", "phone", "B"),
        MarkUnread("A", "phone", "B", 7),
        SetAccess("B", "A", "allow", on=True),
    ],
)
def test_what_an_action_wrote_stands_where_the_server_has_it(action: Read) -> None:
    order = known("B", "C")
    order.changed(action)
    assert arranged(order, "BC") == "BC"
    assert arranged(order, "CB") == "BC"  # C is the one that waits


def test_marking_the_only_message_writes_no_row() -> None:
    order = known("B", "C")
    order.changed(MarkUnread("A", "phone", "B", 1))
    assert arranged(order, "CB") == "BC"


@pytest.mark.parametrize(("version", "expected"), [(OLD, "CB"), (NEW, "BC")])
def test_reading_what_is_empty_writes_a_row_up_to_2_1_3_only(
    version: tuple[int, ...], expected: str
) -> None:
    order = ListOrder(version)
    order.changed(Read("A", "phone", "C"))
    for peer in "BC":
        order.stored(said(peer, "A"), 1)
    assert arranged(order, "CB") == expected


@pytest.mark.parametrize(("version", "expected"), [(OLD, "CB"), (NEW, "BC")])
def test_a_deletion_ends_the_waiting_up_to_2_1_3_only(
    version: tuple[int, ...], expected: str
) -> None:
    order = known("B", "C", version=version)
    order.changed(Delete("A", "phone", "C"))
    assert arranged(order, "CB") == expected


def test_the_rows_of_2_1_3_are_in_order_once_they_are_flushed() -> None:
    order = known("B", "C", version=OLD)
    assert arranged(order, "CB") == "BC"
    order.flushed()
    assert arranged(order, "CB") == "CB"
    assert arranged(order, "BC") == "BC"


def test_an_own_message_waits_on_2_1_3_only_where_there_is_no_row() -> None:
    order = known("B", "C", version=OLD)
    order.flushed()
    order.stored(said("A", "C"), 2)
    assert arranged(order, "CB") == "CB"
    order.changed(Delete("A", "phone", "C"))
    order.stored(said("A", "C"), 3)
    assert arranged(order, "CB") == "BC"


def test_groups_have_a_place_and_2_1_4_makes_no_rows_of_messages() -> None:
    order = ListOrder((2, 1, 4))
    order.stored(said("B", "A"), 1)
    order.stored(said("C", "A"), 1)
    assert arranged(order, "CB") == "CB"
    order = ListOrder(NEW)
    order.stored(said("B", "#team"), 1)
    assert not order.arrange("A", ())


def test_the_numbers_that_sort_follow_the_places() -> None:
    entries = known("B", "C").arrange("A", listed("CB"))
    assert [(entry.chat, entry.order) for entry in entries] == [("B", (2,)), ("C", (1,))]
