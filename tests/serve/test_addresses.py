"""Sockets that a served world listens on."""

from __future__ import annotations

import socket

from imcli.serve.addresses import Address, listen


def test_a_listening_socket_is_one_on_which_small_answers_are_sent_at_once() -> None:
    with listen("--http", Address("127.0.0.1", 0)) as bound:
        assert (bound.type, bound.proto) == (socket.SOCK_STREAM, socket.IPPROTO_TCP)
