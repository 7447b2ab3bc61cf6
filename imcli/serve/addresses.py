"""Where to listen: addresses as they are written, sockets that are bound, and what is too open.

Everything that can go wrong here goes wrong before anybody is served, in one message that names
the option. A server that others can reach must have a manager token.
"""

from __future__ import annotations

import errno
import ipaddress
import re
import socket
from typing import NamedTuple

from imcli.model.errors import TargetUnavailable, UsageError

BACKLOG = 1024


class Address(NamedTuple):
    """A host and a port; port 0 takes any free one."""

    host: str
    port: int


def parse_address(option: str, text: str) -> Address:
    """Understand `HOST:PORT`.

    >>> parse_address("--tcp", "127.0.0.1:5100"), parse_address("--tcp", "[::1]:0").host
    (Address(host='127.0.0.1', port=5100), '::1')

    Raises:
        UsageError: it is neither.
    """
    match = re.fullmatch(r"(?:\[([0-9a-fA-F:.]+)\]|([^\[\]:\s]+)):([0-9]{1,5})", text)
    if match is None or int(match[3]) > 65_535:
        raise UsageError(f"{option} {text!r} is no HOST:PORT", hint="it looks like 127.0.0.1:5100")
    return Address(match[1] or match[2], int(match[3]))


def listen(option: str, address: Address) -> socket.socket:
    """Bind a socket and listen.

    Raises:
        TargetUnavailable: the port is in use, or the system refuses it.
        UsageError: there is no such host.
    """
    family, where = _resolve(option, address)
    # Named so, because asyncio sends small pieces at once only where it reads "TCP" on the socket:
    # else the body of an answer waits 40 ms for the acknowledgement of its head.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(where)
        bound.listen(BACKLOG)
        bound.setblocking(False)
    except OSError as error:
        bound.close()
        raise TargetUnavailable(
            f"{option}: cannot listen on {address.host}:{address.port}: {_why(error)}",
            hint=f"{option} HOST:PORT chooses another; port 0 takes a free one",
        ) from None
    return bound


def _why(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "another program listens there"
    return (error.strerror or str(error)).lower()


def _resolve(option: str, address: Address) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    try:
        found = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (socket.gaierror, UnicodeError):
        raise UsageError(f"{option}: there is no host {address.host!r}") from None
    family, _, _, _, where = found[0]
    return family, where


def is_loopback(option: str, address: Address) -> bool:
    """Tell whether only this machine can reach an address.

    Raises:
        UsageError: there is no such host.
    """
    return ipaddress.ip_address(str(_resolve(option, address)[1][0]).partition("%")[0]).is_loopback


def refuse_open(addresses: dict[str, Address], manager_token: str) -> None:
    """Refuse to serve others without a manager token.

    Args:
        addresses: by option.
        manager_token: what HTTP requests must have; empty: nothing.

    Raises:
        UsageError: others could reach a server that lets everybody do everything.
    """
    if manager_token:
        return
    for option, address in addresses.items():
        if not is_loopback(option, address):
            raise UsageError(
                f"{option} {address.host}:{address.port} can be reached from elsewhere,"
                " and there is no manager token",
                hint="set IMCLI_TOKEN in the environment, or listen on 127.0.0.1",
            )


def shown(bound: socket.socket) -> str:
    """Write the address of a bound socket as clients write it."""
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
