"""Requests as they come over the wire: bytes in, bytes and a content type out, always."""

from __future__ import annotations

import json
import string
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imcli.model.actions import CreateUser
from imcli.simulator.profiles import load_profile
from imcli.simulator.server import Server
from imcli.simulator.wukongim.api.fields import Undecodable, first_value
from imcli.simulator.wukongim.api.routes import (
    EXTENSIONS,
    GIN_ROUTES,
    JSON,
    LATER_ROUTES,
    ROUTES,
    TEXT,
    Answer,
    respond,
)

PROFILES = ("wukongim-2.1.3", "wukongim-2.2.0", "wukongim-2.2.5", "reference", "requests")
EVERY_ROUTE = sorted(ROUTES | LATER_ROUTES | EXTENSIONS)


def ask(server: Server, method: str, path: str, body: bytes = b"", **query: str) -> Answer:
    return respond(server, method, path, query, body)


@pytest.fixture(params=PROFILES)
def server(request: pytest.FixtureRequest) -> Server:
    return Server(load_profile(str(request.param)))


def test_an_answer_is_json_and_says_so(server: Server) -> None:
    answer = ask(server, "GET", "/health")
    assert answer == Answer(200, b'{"status":"ok"}', JSON)
    assert ask(server, "GET", "/user/systemuids") == Answer(200, b"null", JSON)


def test_an_unknown_route_is_a_text_and_options_are_empty(server: Server) -> None:
    assert ask(server, "GET", "/nope", b"{") == Answer(404, b"404 page not found", "text/plain")
    assert ask(server, "OPTIONS", "/message/send", b"{") == Answer(204, b"", "")


def test_a_panic_has_no_body() -> None:
    old = Server(load_profile("wukongim-2.1.3"))
    assert ask(old, "POST", "/conversation/sync", b'{"uid":""}') == Answer(500, b"", "")


def test_a_process_that_ends_answers_nothing() -> None:
    server = Server(load_profile("wukongim-2.2.0"))
    body = b'{"channel_id":"g","channel_type":2,"subscribers":["","A"]}'
    assert ask(server, "POST", "/channel/subscriber_add", body).status == 0


def test_what_follows_the_first_value_is_passed_over(server: Server) -> None:
    body = b'{"uid":"A","channel_id":"B","channel_type":1}trailing'
    assert ask(server, "POST", "/conversations/delete", body).status == 200


def test_a_get_does_not_mind_its_body(server: Server) -> None:
    assert ask(server, "GET", "/health", b"{{{{").status == 200


@pytest.mark.parametrize("body", [b"", b"  ", b"{", b"nonsense", b"[1", b'{"a":NaN}', b"\xff"])
def test_only_the_decoder_that_answers_too_soon_loses_the_content_type(
    server: Server, body: bytes
) -> None:
    for path, kind in (("/message/send", TEXT), ("/conversations/delete", JSON)):
        answer = ask(server, "POST", path, body)
        assert (answer.status, answer.content_type) == (400, kind)
        assert json.loads(answer.body)["status"] == 400
    refused = ask(server, "POST", "/message/send", b'{"channel_id":"A"}')
    assert (refused.status, refused.content_type) == (400, JSON)


def test_every_route_with_that_decoder_exists() -> None:
    paths = {path for _, path in ROUTES}
    assert {path for path in GIN_ROUTES if not path.startswith("/stream")} <= paths


# Bodies


def test_half_a_character_becomes_a_replacement_character() -> None:
    assert first_value(b'{"uid": "a\\ud800b", "x": ["\\udc00"]}') == {
        "uid": "a\ufffdb",
        "x": ["\ufffd"],
    }
    assert first_value(b'{"uid": "a\xffb"}') == {"uid": "a\ufffdb"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", "unexpected EOF"),
        (b"nonsense", "invalid character 'n'"),
        (b"NaN", "invalid character 'N'"),
        (b"[" * 100_000, "recursion"),
        (b'{"a":' * 50_000, "recursion"),
        (b'"' + b"x" * 1000, "invalid|EOF"),
    ],
)
def test_what_is_no_json_is_undecodable_in_gos_words(body: bytes, words: str) -> None:
    with pytest.raises(Undecodable, match=words):
        first_value(body)


NAMES = st.sampled_from(["", "A", "B", "g", "a@b", "____system", "\x00", "#", "é", "x" * 300])
VALUES = st.one_of(
    NAMES,
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.booleans(),
    st.none(),
    st.lists(st.one_of(NAMES, st.integers(0, 300), st.dictionaries(NAMES, NAMES)), max_size=3),
    st.dictionaries(st.sampled_from(["red_dot", "sync_once", "no_persist"]), st.integers(0, 2)),
)
WORDS = """
uid channel_id channel_type from_uid login_uid payload subscribers uids header reset
unread message_seq start_message_seq end_message_seq limit pull_mode msg_count version
only_unread last_msg_seqs exclude_channel_types page page_size channels message_seqs
message_ids client_msg_nos message_id client_msg_no last_message_seq token device_flag
device_level conn_id expire ban disband send_ban type user device chat count duration_ms
flag on order_by_last plugin_no node_id
"""
FIELDS = WORDS.split()
BODIES = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=8)
CALLS = st.lists(
    st.tuples(
        st.sampled_from(EVERY_ROUTE), BODIES, st.dictionaries(st.sampled_from(FIELDS), NAMES)
    ),
    max_size=12,
)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(PROFILES), CALLS)
def test_no_request_is_without_an_answer(
    profile: str, calls: list[tuple[tuple[str, str], dict[str, Any], dict[str, str]]]
) -> None:
    server = Server(load_profile(profile))
    for name in ("A", "B"):
        server.apply(CreateUser(name))
    for (method, path), fields, query in calls:
        answer = respond(server, method, path, query, json.dumps(fields).encode())
        assert answer.status in (0, 200, 204, 400, 404, 500)
        if answer.body and answer.status != 404:
            json.loads(answer.body)
    assert len(server.digest()) == 64


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(EVERY_ROUTE), st.binary(max_size=60), st.text(string.printable, max_size=30))
def test_no_bytes_are_without_an_answer(route: tuple[str, str], body: bytes, asked: str) -> None:
    server = Server(load_profile("reference"))
    method, path = route
    query = dict.fromkeys(("uid", "channel_id", "channel_type", "limit", "sort", "show"), asked)
    assert respond(server, method, path, query, body).status in (200, 400, 404, 500)
