"""Addresses of live servers, as people write them: are they whole, and is it this machine."""

from __future__ import annotations

from urllib.parse import urlsplit

from imcli.model.errors import UsageError

LOCAL_HOSTS = ("localhost", "::1")
SCHEMES = ("http", "https")


def check_url(text: str) -> None:
    """Refuse an address that has no host, a port that is none, or a secret in it.

    Raises:
        UsageError: saying what an address looks like.
    """
    try:
        parts = urlsplit(text)
        broken = parts.scheme not in SCHEMES or not parts.hostname or parts.port == 0
    except ValueError:
        raise UsageError(*BROKEN, hint=SHAPE) from None
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "no secrets in an address",
            hint="a token comes from IMCLI_TOKEN, or with a context: imcli add-context --help",
        )
    if broken or not text.isprintable() or " " in text:
        raise UsageError(*BROKEN, hint=nearest_address(text))
    if parts.fragment or (parts.query and not parts.query.startswith("devices=")):
        raise UsageError("the target's address has a query or fragment", hint=SHAPE)


def nearest_address(text: str) -> str:
    """Say what an address looks like, or this one with what it lacks."""
    return f"did you mean http://{text}?" if looks_like_host(text) else SHAPE


def looks_like_host(text: str) -> bool:
    """Tell whether a text may be `host:port`.

    >>> looks_like_host("im.example:5001"), looks_like_host("staging")
    (True, False)
    """
    return ":" in text and text.replace(".", "").replace(":", "").replace("-", "").isalnum()


BROKEN = ("the target's address is broken",)
SHAPE = "it looks like http://HOST:5001"


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine.

    >>> is_loopback("http://127.0.0.1:5001"), is_loopback("http://127.example.org")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    numeric = host.replace(".", "").isdecimal()
    return host in LOCAL_HOSTS or (numeric and host.startswith("127."))
