"""A device's cache: what it shows from what reached it, in whatever order that came."""

from __future__ import annotations

from imcli.device.cache import DeviceCache
from imcli.model.entities import DeviceKey, Entry, Message, MessageKind
from imcli.model.events import (
    Accepted,
    ChangeKind,
    ConversationPushed,
    Done,
    ListAnswer,
    Pushed,
)
from imcli.model.questions import ListView


def message(
    seq: int,
    sender: str = "B",
    *,
    at: int = 0,
    kind: MessageKind = "content",
    expires_ms: int = 0,
    no_red_dot: bool = False,
) -> Message:
    """A message between A and B; its id is its place in the one order (`at`, or 10 x seq)."""
    number = at or 10 * seq
    return Message(
        "A@B", seq, number, f"c{seq}", sender, "hi", kind, number, expires_ms, no_red_dot
    )


def entry(*messages: Message, unread: int = 0, **facts: object) -> Entry:
    last = messages[-1] if messages else None
    order = (0, last.time_ms, last.message_id) if last else (0, 0, 0)
    made = {"order": order, **facts}
    return Entry("B", unread, last, messages, **made)  # type: ignore[arg-type]


def pushed(*messages: Message) -> list[Pushed]:
    return [Pushed(each, (DeviceKey("A", "web"),)) for each in messages]


def answer(
    *entries: Entry,
    cursor: int = 0,
    full: bool = False,
    tombstones: tuple[tuple[str, int], ...] = (),
    now_ms: int = 0,
    partial: bool = False,
    commands: tuple[Message, ...] = (),
    requests: tuple[str, ...] = (),
) -> ListAnswer:
    return ListAnswer(
        "A",
        "web",
        full,
        cursor,
        entries,
        tombstones,
        commands,
        requests=requests,
        partial=partial,
        now_ms=now_ms,
    )


def changed(
    now: Entry | None,
    cursor: int,
    deleted_to: int = 0,
    change: ChangeKind = "flags",
    now_ms: int = 0,
) -> ConversationPushed:
    return ConversationPushed("A", "B", change, ("web",), cursor, deleted_to, now, now_ms)


def cache(*events: object) -> DeviceCache:
    made = DeviceCache("A", "web")
    made.feed(events)  # type: ignore[arg-type]
    return made


def shown(made: DeviceCache, now_ms: int = 0) -> Entry:
    (only,) = made.view(now_ms).entries
    return only


def seqs(made: DeviceCache, now_ms: int = 0) -> list[int]:
    return [each.seq for each in shown(made, now_ms).messages]


def test_a_new_cache_shows_nothing() -> None:
    assert cache().view(0) == ListView(())


def test_pushes_list_a_conversation_and_count() -> None:
    made = cache(*pushed(message(1), message(2), message(3, no_red_dot=True)))
    assert (seqs(made), shown(made).unread) == ([1, 2, 3], 2)
    assert made.view(0).total_unread == 2


def test_what_is_for_other_devices_is_not_taken() -> None:
    made = cache(
        Pushed(message(1), (DeviceKey("A", "phone"), DeviceKey("B", "web"))),
        Accepted("A", "phone", "c2", 20, 2, message(2, "A")),
        ListAnswer("A", "phone", True, 9, (entry(message(1)),)),
        ConversationPushed("A", "B", "flags", ("phone",), 9, 0, entry(message(1))),
        Done(),
    )
    assert made.view(0).entries == ()
    assert (made.arrivals, made.cursor) == ([], None)


def test_a_push_that_comes_twice_counts_once_and_arrives_twice() -> None:
    made = cache(*pushed(message(1), message(1)))
    assert (seqs(made), shown(made).unread) == ([1], 1)
    assert len(made.arrivals) == 2


def test_pushes_out_of_order_stand_in_order() -> None:
    made = cache(*pushed(message(3), message(1), message(2)))
    assert (seqs(made), shown(made).unread) == ([1, 2, 3], 3)


def test_commands_notices_and_no_persist_messages_list_nothing() -> None:
    made = cache(*pushed(message(1, kind="command"), message(2, kind="notice"), message(0, at=30)))
    assert made.view(0).entries == ()
    assert len(made.arrivals) == 3
    made.feed(pushed(message(3)))
    assert seqs(made) == [2, 3]


def test_an_own_message_from_another_device_reads() -> None:
    made = cache(*pushed(message(1), message(2, "A")))
    assert (shown(made).unread, shown(made).read_to) == (0, 2)


def test_an_own_send_is_shown_by_its_answer() -> None:
    made = cache(Accepted("A", "web", "c1", 10, 1, message(1, "A")))
    assert (seqs(made), shown(made).unread) == ([1], 0)
    assert made.arrivals == []


def test_a_send_whose_answer_was_lost_is_shown_by_the_answer_to_its_resend() -> None:
    made = cache(Accepted("A", "web", "c1", 10, 1, message(1, "A"), duplicate=True))
    assert seqs(made) == [1]


def test_an_answer_without_a_message_shows_nothing() -> None:
    assert cache(Accepted("A", "web", "c1", 10, 0)).view(0).entries == ()


def test_a_delete_takes_messages_away_and_the_next_one_brings_it_back() -> None:
    made = cache(*pushed(message(1)), changed(None, 11, 1, "deleted"))
    assert made.view(0).entries == ()
    made.feed(pushed(message(2)))
    assert (seqs(made), shown(made).unread, shown(made).deleted_to) == ([2], 1, 1)


def test_a_delete_that_keeps_history_leaves_messages_read() -> None:
    made = cache(*pushed(message(1)), changed(None, 11, 0, "deleted"))
    made.feed(pushed(message(2)))
    assert (seqs(made), shown(made).unread) == ([1, 2], 1)


def test_leaving_forgets_the_messages_of_the_membership() -> None:
    made = cache(*pushed(message(1)), changed(None, 11, 0, "left"))
    made.feed(pushed(message(3)))
    assert seqs(made) == [3]


def test_a_message_at_or_below_the_floor_is_not_shown() -> None:
    made = cache(*pushed(message(2)), changed(None, 21, 2, "deleted"), *pushed(message(1)))
    assert made.view(0).entries == ()


def test_a_message_that_comes_after_the_answer_that_covers_it_changes_no_fact() -> None:
    """The server's answer said 2 unread and gave one message; the push of the other was slow."""
    made = cache(answer(entry(message(2), unread=2), cursor=25, full=True))
    assert shown(made).unread == 2
    made.feed(pushed(message(1)))
    assert shown(made).unread == 2


def test_a_late_message_in_between_is_shown_and_counted_once() -> None:
    full = entry(message(1), message(3), unread=3)
    made = cache(answer(full, cursor=35, full=True))
    made.feed(pushed(message(2)))
    assert (seqs(made), shown(made).unread) == ([1, 2, 3], 3)


def test_a_late_message_does_not_list_what_was_deleted_meanwhile() -> None:
    made = cache(answer(tombstones=(("B", 0),), cursor=25), *pushed(message(2)))
    assert made.view(0).entries == ()


def test_a_late_own_message_does_not_read() -> None:
    made = cache(answer(entry(message(1), message(3), unread=2), cursor=35, full=True))
    made.feed(pushed(message(2, "A")))
    assert shown(made).read_to == 0


def test_changes_in_reverse_order_end_with_the_newest() -> None:
    first = changed(entry(message(1), pinned=True), 11)
    second = changed(entry(message(1)), 12)
    made = cache(*pushed(message(1)), second, first)
    assert not shown(made).pinned


def test_a_late_delete_leaves_what_came_after_it() -> None:
    made = cache(*pushed(message(1), message(2)), changed(None, 15, 1, "deleted"))
    seen = shown(made)
    assert (seqs(made), seen.unread, seen.read_to, seen.deleted_to) == ([2], 1, 1, 1)


def test_a_late_delete_leaves_the_own_message_that_came_after_it_read() -> None:
    made = cache(*pushed(message(1), message(2), message(3, "A")))
    made.feed([changed(None, 15, 1, "deleted")])
    assert (seqs(made), shown(made).unread, shown(made).read_to) == ([2, 3], 0, 3)


def test_a_late_end_of_a_membership_leaves_what_came_after_the_return() -> None:
    made = cache(*pushed(message(1), message(4)), changed(None, 35, 0, "joined"))
    made.feed([changed(None, 25, 0, "left")])
    assert seqs(made) == [4]


def test_a_late_change_counts_what_came_after_it_too() -> None:
    made = cache(answer(entry(message(3), unread=3), cursor=35, full=True))
    made.feed([*pushed(message(4)), changed(entry(message(3), unread=3, muted=True), 36)])
    assert (shown(made).unread, shown(made).muted) == (4, True)


def test_a_change_that_the_last_answer_covers_is_passed_over() -> None:
    made = cache(answer(entry(message(1)), cursor=20, full=True), changed(None, 11, 1, "deleted"))
    assert seqs(made) == [1]


def test_a_change_brings_its_newest_message_along() -> None:
    made = cache(changed(entry(message(3), unread=3), 31))
    assert (seqs(made), shown(made).unread) == ([3], 3)
    made.feed([*pushed(message(3), message(4))])
    assert (seqs(made), shown(made).unread) == ([3, 4], 4)


def test_flags_are_taken_over() -> None:
    now = entry(message(1), pinned=True, muted=True, archived=True, marked_unread=True)
    made = cache(*pushed(message(1)), changed(now, 11))
    seen = shown(made)
    assert (seen.pinned, seen.muted, seen.archived, seen.marked_unread) == (True,) * 4


def test_marks_of_what_is_not_listed_show_when_it_returns() -> None:
    marks = Entry("B", muted=True, read_to=1, deleted_to=1)
    made = cache(
        ListAnswer("A", "web", True, 15, (), unlisted=(marks,)),
        *pushed(message(2)),
    )
    assert (shown(made).muted, shown(made).read_to, shown(made).deleted_to) == (True, 1, 1)
    event = ConversationPushed("A", "B", "flags", ("web",), 25, 2, None, 0, marks)
    made.feed([event, *pushed(message(3))])
    assert (seqs(made), shown(made).muted) == ([3], True)


def deleted_elsewhere(floor: int, *, muted: bool = False) -> ConversationPushed:
    """A change of what another device deleted, on a server that tells nobody of a delete."""
    marks = Entry("B", muted=muted, read_to=floor)
    return ConversationPushed("A", "B", "flags", ("web",), 25, floor, None, 0, marks, True)


def test_what_nobody_was_to_be_told_is_not_told_by_a_mark() -> None:
    made = cache(*pushed(message(1), message(2)), deleted_elsewhere(2, muted=True))
    seen = shown(made)
    assert (seqs(made), seen.muted, seen.unread, seen.deleted_to) == ([1, 2], True, 0, 0)
    made.feed([answer(cursor=26), *pushed(message(3))])
    assert (seqs(made), shown(made).unread) == ([1, 2, 3], 1)


def test_a_device_that_has_no_floor_yet_goes_on_with_what_is_held_back() -> None:
    made = cache(*pushed(message(1), message(2)), deleted_elsewhere(1))
    assert seqs(made) == [1, 2]


def test_the_device_that_deleted_drops_what_the_server_holds_back() -> None:
    made = cache(*pushed(message(1)), changed(None, 15, 1, "deleted"), *pushed(message(2)))
    made.feed([deleted_elsewhere(1)])
    assert made.view(0).entries == ()


def test_a_mark_of_what_the_device_does_not_list_lists_nothing() -> None:
    made = cache(deleted_elsewhere(1, muted=True))
    assert made.view(0).entries == ()
    made.feed(pushed(message(3)))
    assert (seqs(made), shown(made).muted) == ([3], True)


def test_a_change_drops_what_is_below_the_floor_of_a_new_membership() -> None:
    kept = Entry("B", order=(0, 5, 5, 5, 5), deleted_to=1, read_to=3, floor=3)
    made = cache(*pushed(message(1), message(2)), changed(kept, 35, 1, "joined"))
    assert (shown(made).last, shown(made).unread) == (None, 0)


def test_a_floor_goes_back_where_the_server_has_forgotten_it() -> None:
    made = cache(*pushed(message(1)), changed(None, 11, 1, "deleted"))
    made.feed([changed(entry(message(1), message(2), unread=2), 25)])
    assert (seqs(made), shown(made).deleted_to) == ([1, 2], 0)


def test_a_floor_that_went_with_the_record_is_not_there_for_the_next_message() -> None:
    made = cache(*pushed(message(1)), changed(entry(deleted_to=1, order=(0, 5, 5)), 11, 1))
    assert shown(made).deleted_to == 1
    made.feed([changed(None, 12, 0, "deleted"), *pushed(message(2))])
    assert shown(made).deleted_to == 0


def test_a_full_answer_replaces_everything() -> None:
    made = cache(*pushed(message(1)), answer(cursor=15, full=True))
    assert made.view(0).entries == ()
    assert made.cursor == 15


def test_a_delta_leaves_the_rest_alone_and_keeps_older_messages() -> None:
    other = Entry("C", 0, order=(0, 5, 5))
    made = cache(answer(entry(message(1), message(2), read_to=2), other, cursor=25, full=True))
    made.feed([answer(entry(message(3), unread=1, read_to=2), cursor=35)])
    seen = made.view(0).entries
    assert [each.chat for each in seen] == ["B", "C"]
    assert [each.seq for each in seen[0].messages] == [1, 2, 3]
    assert (seen[0].unread, made.cursor) == (1, 35)


def test_a_tombstone_takes_away_and_floor_stays() -> None:
    made = cache(*pushed(message(1), message(2)), answer(tombstones=(("B", 2),), cursor=25))
    assert made.view(0).entries == ()
    made.feed(pushed(message(3)))
    assert (seqs(made), shown(made).deleted_to) == ([3], 2)


def test_an_answer_below_the_floor_of_a_new_membership_drops_what_was_before() -> None:
    made = cache(*pushed(message(1)))
    made.feed([answer(entry(message(3), unread=1, floor=2), cursor=35)])
    assert seqs(made) == [3]


def test_an_entry_without_messages_still_shows_the_last_one() -> None:
    told = Entry("B", 3, message(5), (), order=(0, 50, 50))
    made = cache(answer(told, cursor=55, full=True))
    assert (seqs(made), shown(made).unread) == ([5], 3)


def test_a_partial_answer_moves_no_cursor() -> None:
    made = cache(answer(entry(message(1)), cursor=15, partial=True))
    assert (seqs(made), made.cursor) == ([1], None)


def test_forgetting_drops_lists_and_cursor_but_not_what_arrived() -> None:
    made = cache(*pushed(message(1)), answer(cursor=15))
    made.forget()
    assert (made.view(0).entries, made.cursor, len(made.arrivals)) == ((), None, 1)


def test_commands_of_an_answer_have_arrived() -> None:
    made = cache(answer(commands=(message(1, kind="command"),), cursor=15))
    assert [each.seq for each in made.arrivals] == [1]


def test_requests_are_those_of_the_last_answer() -> None:
    assert cache(answer(requests=("B",))).view(0).requests == ("B",)


def test_a_message_is_shown_until_its_time_is_over() -> None:
    made = cache(*pushed(message(1), message(2, expires_ms=100)))
    assert (seqs(made, 99), shown(made, 99).unread) == ([1, 2], 2)
    assert (seqs(made, 100), shown(made, 100).unread) == ([1], 1)


def test_where_expired_messages_count_an_expiry_lowers_nothing() -> None:
    made = DeviceCache("A", "web", counts_expired=True)
    made.feed(pushed(message(1), message(2, expires_ms=100)))
    made.feed([changed(entry(message(1), message(2, expires_ms=100), unread=3), 25, now_ms=50)])
    for copy in (made, made.copy()):
        assert (seqs(copy, 100), shown(copy, 100).unread) == ([1], 3)


def test_a_conversation_of_which_all_has_expired_is_not_shown() -> None:
    made = cache(*pushed(message(1, expires_ms=100), message(2, kind="notice")))
    assert made.view(100).entries == ()


def test_a_kept_entry_stays_when_all_has_expired_in_the_place_of_the_clear() -> None:
    kept = entry(message(2, expires_ms=100), order=(0, 20, 20, 7, 8))
    made = cache(answer(kept, cursor=25, full=True))
    assert shown(made, 99).order == (0, 20, 20, 7, 8)
    assert (shown(made, 100).last, shown(made, 100).order) == (None, (0, 7, 8, 7, 8))


def test_what_has_expired_before_an_answer_is_not_among_those_it_counts() -> None:
    """5 unread are told; of the two that the device has, one's time was over by then."""
    made = cache(*pushed(message(8, expires_ms=50), message(9)))
    made.feed([changed(entry(message(9), unread=5), 95, now_ms=60)])
    assert shown(made, 60).unread == 5


def test_the_place_goes_by_the_newest_message() -> None:
    made = cache(answer(entry(message(1)), Entry("C", order=(0, 15, 15)), cursor=16, full=True))
    assert [each.chat for each in made.view(0).entries] == ["C", "B"]
    made.feed(pushed(message(2)))
    assert [each.chat for each in made.view(0).entries] == ["B", "C"]


def test_where_the_server_orders_by_something_else_its_place_is_kept() -> None:
    other = Entry("C", 0, order=(0, 7, 8))
    made = cache(answer(entry(message(9), order=(0, 1, 2)), other, cursor=95, full=True))
    assert [each.chat for each in made.view(0).entries] == ["C", "B"]


def test_where_rows_are_ordered_a_place_that_is_a_messages_is_kept_all_the_same() -> None:
    made = DeviceCache("A", "web", orders_rows=True)
    own = entry(message(1), message(2, "A", expires_ms=100), order=(0, 20, 20))
    made.feed([answer(own, cursor=25, full=True)])
    assert [shown(copy, 100).order for copy in (made, made.copy())] == [(0, 20, 20)] * 2


def test_the_total_may_leave_muted_ones_out() -> None:
    made = DeviceCache("A", "web", muted_count=False)
    made.feed([answer(entry(message(1), unread=1, muted=True), cursor=15, full=True)])
    assert (made.view(0).total_unread, made.copy().view(0).total_unread) == (0, 0)


def test_a_copy_goes_its_own_way() -> None:
    made = cache(*pushed(message(1)))
    twin = made.copy()
    twin.feed(pushed(message(2)))
    assert (seqs(made), seqs(twin)) == ([1], [1, 2])
    assert (len(made.arrivals), len(twin.arrivals)) == (1, 2)


def test_a_device_knows_the_newest_number_it_has_of_each_listed_chat() -> None:
    made = cache(*pushed(message(1), message(2)))
    assert made.seqs() == (("B", 2),)
    made.feed([changed(None, 25, 2, "deleted")])
    assert made.seqs() == ()


# Servers that tell of no change


def untold(*events: object) -> DeviceCache:
    made = DeviceCache("A", "web", told_of_changes=False)
    made.feed(events)  # type: ignore[arg-type]
    return made


def test_what_a_device_read_untold_is_read_as_far_as_it_has_it() -> None:
    news = entry(message(1), message(2), unread=0, read_to=2, deleted_to=1)
    made = untold(*pushed(message(1)), changed(news, 20, 1, "read"))
    assert (seqs(made), shown(made).unread, shown(made).read_to) == ([1], 0, 1)
    made.feed(pushed(message(3)))
    assert (seqs(made), shown(made).unread) == ([1, 3], 1)


def test_what_a_device_marked_untold_counts_as_the_server_says() -> None:
    made = untold(*pushed(message(1), message(2), message(3)), changed(None, 30, 0, "read"))
    assert shown(made).unread == 0
    made.feed([changed(entry(message(3), unread=2, read_to=1), 30, 0, "marked")])
    assert (seqs(made), shown(made).unread) == ([1, 2, 3], 2)
    made.feed([changed(None, 30, 0, "marked")])
    assert shown(made).unread == 2


def test_a_change_of_its_own_lists_nothing_that_an_untold_device_does_not_show() -> None:
    for change in ("read", "marked"):
        made = untold(changed(entry(message(1), unread=1), 10, 0, change))
        assert made.view(0) == ListView(())
        made = untold(*pushed(message(1)), changed(None, 10, 1, "deleted"))
        made.feed([changed(entry(message(1), unread=1), 10, 0, change)])
        assert made.copy().view(0) == ListView(())


def test_an_untold_device_knows_what_it_deleted() -> None:
    made = untold(*pushed(message(1)), changed(None, 10, 1, "deleted"), *pushed(message(2)))
    assert seqs(made) == [2]
