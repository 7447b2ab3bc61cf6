"""Answers as values: recorded bodies of real servers, and bodies of no server at all."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imcli.wire.answers import (
    Garbled,
    excerpt,
    judge,
    read_list,
    read_online,
    read_page,
    read_rows,
    read_sent,
    read_varz,
)
from imcli.wire.http import payload_bytes
from imcli.wire.names import Names

NAMES = Names()

# `/channel/messagesync` of WuKongIM 2.1.3, with the fields that later versions dropped.
PAGE = b"""{"start_message_seq":0,"end_message_seq":0,"more":1,"messages":[{"header":{
"no_persist":0,"red_dot":0,"sync_once":0},"setting":0,"message_id":2124764909034967040,"message_idstr":
"2124764909034967040","client_msg_no":"429168e34f424a0499036ba5856861d70","stream_idstr":"0",
"message_seq":1,"from_uid":"A","channel_id":"B","channel_type":1,"expire":0,"timestamp":1795418405,
"payload":"eA=="}]}"""


def message(payload: str, **fields: object) -> bytes:
    extra = "".join(f',"{name}":{value}' for name, value in fields.items())
    return (
        f'{{"messages":[{{"message_id":1,"message_seq":1,"payload":"{payload}"{extra}}}]}}'.encode()
    )


def test_a_page_of_an_old_server_is_read() -> None:
    page = read_page(PAGE, NAMES, "B", "A")
    (found,) = page.messages
    assert page.more
    assert (found.message_id, found.seq, found.sender) == (2124764909034967040, 1, "A")
    assert (found.channel, found.text, found.time_ms) == ("A@B", "x", 1795418405193)


@given(st.text())
def test_a_text_comes_back_as_it_was_sent(text: str) -> None:
    encoded = base64.b64encode(payload_bytes(text, "")).decode()
    (found,) = read_page(message(encoded), NAMES, "A", "B").messages
    assert (found.text, found.payload) == (text, "")


@pytest.mark.parametrize(
    ("raw", "text", "payload"),
    [
        (b'{"type":2,"content":"x"}', "x", '{"content":"x","type":2}'),
        (b'{"b":1,"a":2}', "", '{"a":2,"b":1}'),
        (b"[1]", "[1]", ""),
        (b"\xff\x00", "\ufffd\x00", ""),
        (b"", "", ""),
    ],
)
def test_other_payloads_keep_what_they_hold(raw: bytes, text: str, payload: str) -> None:
    encoded = base64.b64encode(raw).decode()
    (found,) = read_page(message(encoded), NAMES, "A", "B").messages
    assert (found.text, found.payload) == (text, payload)


def test_a_payload_that_is_no_base64_is_shown() -> None:
    (found,) = read_page(message("no base64!"), NAMES, "A", "B").messages
    assert found.text == "no base64!"


def test_the_flags_of_the_header_are_read() -> None:
    header = '{"no_persist":0,"red_dot":1,"sync_once":1}'
    (found,) = read_page(message("eA==", header=header), NAMES, "A", "B").messages
    assert (found.kind, found.sync_once, found.no_red_dot) == ("content", True, False)


def test_a_header_that_has_lost_its_flags_does_not_make_a_message_uncountable() -> None:
    header = '{"no_persist":0,"red_dot":0,"sync_once":0}'
    (found,) = read_page(message("eA==", header=header), NAMES, "A", "B").messages
    assert not found.no_red_dot


def test_expiry_and_the_servers_own_sender_are_read() -> None:
    body = message("eA==", timestamp=10, expire=5, from_uid='""')
    (found,) = read_page(body, NAMES, "A", "B").messages
    assert (found.expires_ms, found.sender) == (15_000, "____system")


def test_a_list_keeps_the_servers_order_and_turns_the_messages_round() -> None:
    body = b"""[{"channel_id":"p-B","channel_type":1,"unread":2,"readed_to_msg_seq":0,"recents":
    [{"message_id":2,"message_seq":2},{"message_id":1,"message_seq":1}]},
    {"channel_id":"p-team","channel_type":2,"unread":0,"readed_to_msg_seq":4294967295,
    "recents":null}]"""
    first, second = read_list(body, Names("p-"), "A")
    assert (first.chat, first.unread, [m.seq for m in first.messages]) == ("B", 2, [1, 2])
    assert first.last is not None
    assert first.last.seq == 2
    assert (second.chat, second.last, second.read_to) == ("#team", None, 4294967295)
    assert first.order > second.order


def test_stored_rows_of_commands_are_left_out_and_peers_found_on_both_sides() -> None:
    body = b"""{"total":0,"data":[
    {"uid":"A","type":1,"channel_id":"B@A____cmd","channel_type":1},
    {"uid":"A","type":0,"channel_id":"B@A","channel_type":1,"readed_to_msg_seq":3},
    {"uid":"A","type":0,"channel_id":"A@C","channel_type":1,"unread_count":-1},
    {"uid":"A","type":0,"channel_id":"A@A","channel_type":1},
    {"uid":"A","type":0,"channel_id":"g","channel_type":2}]}"""
    rows = read_rows(body, NAMES, "A")
    assert [row.chat for row in rows] == ["B", "C", "A", "#g"]
    assert (rows[0].read_to, rows[1].unread) == (3, 0)


def test_a_stored_row_under_the_bare_id_of_a_person_is_no_conversation_with_them() -> None:
    body = b"""{"data":[{"uid":"A","channel_id":"B","channel_type":1},
    {"uid":"A","channel_id":"A@C","channel_type":1}]}"""
    assert [row.chat for row in read_rows(body, NAMES, "A")] == ["C"]


def test_null_stands_for_nothing() -> None:
    assert read_list(b"null", NAMES, "A") == ()
    assert read_rows(b'{"data":null}', NAMES, "A") == ()
    assert read_online(b"null", NAMES) == frozenset()
    assert read_page(b'{"messages":null}', NAMES, "A", "B").messages == ()


def test_who_is_online_is_read() -> None:
    body = b'[{"uid":"p-A","device_flag":1,"online":1},{"uid":"p-B","device_flag":0,"online":0}]'
    assert read_online(body, Names("p-")) == {("A", 1)}


@pytest.mark.parametrize(
    ("status", "body", "result", "reason"),
    [
        (200, b'{"status":200}', "ok", ""),
        (200, b'{"status":200,"data":{"message_id":1}}', "ok", ""),
        (200, b"[]", "ok", ""),
        (200, b"null", "ok", ""),
        (200, b'{"status":19}', "refused", "banned"),
        (200, b'{"status":404}', "refused", "invalid"),
        (400, b'{"msg":"EOF","status":400}', "refused", "invalid"),
        (400, b'{"error":"x"}', "refused", "invalid"),
        (400, b'{"msg":"x","status":4,"reason":"blocked"}', "refused", "blocked"),
        (400, b'{"msg":"x","status":400,"reason":"nonsense"}', "refused", "invalid"),
        (400, b'{"msg":"propose batch until applied timeout","status":400}', "unknown", ""),
        (401, b"", "refused", "auth-failed"),
        (404, b"404 page not found", "refused", "unsupported"),
        (500, b"", "unknown", ""),
        (200, b"hello", "unknown", ""),
        (200, b"[" * 100_000, "unknown", ""),
        (400, b"hello", "unknown", ""),
        (302, b"", "unknown", ""),
    ],
)
def test_an_answer_is_judged_by_what_it_proves(
    status: int, body: bytes, result: str, reason: str
) -> None:
    answer = judge(status, body)
    assert (answer.result, answer.reason) == (result, reason)


def test_a_slot_without_a_leader_is_not_ready() -> None:
    body = '{"msg":"获取频道所在节点失败！","status":400}'.encode()
    assert judge(400, body).result == "not-ready"


READERS: tuple[Callable[[bytes], object], ...] = (
    read_sent,
    lambda body: read_page(body, NAMES, "A", "B"),
    lambda body: read_list(body, NAMES, "A"),
    lambda body: read_rows(body, NAMES, "A"),
    lambda body: read_online(body, NAMES),
    read_varz,
)


@given(st.sampled_from(READERS), st.binary() | st.from_regex(rb'[\[\]{}":,0-9a-z]*'))
def test_no_body_raises_anything_but_garbled(read: Callable[[bytes], object], body: bytes) -> None:
    try:
        read(body)
    except Garbled as error:
        shown = str(error)
    else:
        return
    assert shown.isprintable()


@given(st.integers(100, 599), st.binary())
def test_any_answer_is_judged(status: int, body: bytes) -> None:
    answer = judge(status, body)
    assert answer.result in ("ok", "refused", "unknown", "not-ready")
    assert answer.detail.isprintable()


@pytest.mark.parametrize("read", READERS)
def test_an_answer_of_the_wrong_kind_is_garbled(read: Callable[[bytes], object]) -> None:
    with pytest.raises(Garbled):
        read(b'"a text"')


def test_an_excerpt_is_short_and_on_one_line() -> None:
    assert excerpt(b"a\n\x1b[31m" + b"b" * 500, 10) == "a  [31mbbb…"
