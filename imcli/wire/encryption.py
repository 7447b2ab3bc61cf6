"""How WuKongIM encrypts a binary connection, and signs what goes over it.

Each side makes an X25519 key pair; the shared secret gives an AES key, and CONNACK's salt is the
one initialisation vector for everything. Payloads are encrypted; SEND and RECV carry `msg_key`, a
digest that the receiver checks first. Digests are taken of base64 *text*. An empty server key means
that nothing is encrypted: then there is no `Cipher`, and `None` stands for it. JSON-RPC connections
are never encrypted.

The setting bit "no encryption" is honoured by no server, so it is not looked at here.

Secret bytes come in as arguments. Nothing that is imported when the program starts may import this
file, because `cryptography` takes long to load.

Sources: WuKongIM `pkg/wkutil/aes.go`, `dh.go`, `md5.go`, `internal/user/handler/event_connect.go`,
`internal/channel/handler/event_onsend.go`, `internal/pusher/handler/event_pushonline.go`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from imcli.wire.packets import Recv, Send, WireError

BLOCK_BYTES = 16

Sealed = TypeVar("Sealed", bound=Send | Recv)


class BadKey(WireError):
    """The other side's key or salt cannot be used."""


class BadSeal(WireError):
    """The digest of a message is wrong, or its payload cannot be decrypted."""


_PADDING = tuple(bytes([fill]) * fill for fill in range(BLOCK_BYTES, 0, -1))
"""PKCS#7, by how many bytes stand in the last block."""


class Cipher:
    """Key and initialisation vector of one connection, for both directions.

    Every message begins anew at the vector, but making an AES context costs ten times what
    encrypting a message does. So one context runs on for good, and what would make a difference
    is taken out: in CBC the block before is mixed into each block. Before the first block of a
    message this should be the vector and is the last block of the message before; so the first
    plain block is mixed with both. Decryption needs nothing but the block before, so the vector
    itself is put before a message. The bytes are the same as those of new contexts.

    May be used by several threads at once.
    """

    def __init__(self, key: bytes, iv: bytes) -> None:
        block_cipher = BlockCipher(AES(key), CBC(iv))
        self.key = key
        self.iv = iv
        self._encrypt = block_cipher.encryptor().update
        self._decrypt = block_cipher.decryptor().update
        self._iv_number = int.from_bytes(iv, "big")
        self._turn = 0
        """The last encrypted block, mixed with the vector."""
        self._lock = threading.Lock()

    def encrypt(self, plain: bytes) -> bytes:
        """Give the base64 text of the encrypted, padded bytes."""
        padded = plain + _PADDING[len(plain) % BLOCK_BYTES]
        with self._lock:
            first = int.from_bytes(padded[:BLOCK_BYTES], "big") ^ self._turn
            sealed = self._encrypt(first.to_bytes(BLOCK_BYTES, "big") + padded[BLOCK_BYTES:])
            self._turn = int.from_bytes(sealed[-BLOCK_BYTES:], "big") ^ self._iv_number
        return binascii.b2a_base64(sealed, newline=False)

    def decrypt(self, text: bytes) -> bytes:
        """Give the bytes that `encrypt` was given.

        Raises:
            BadSeal: the text is not base64, not whole blocks, or not padded as it should be.
        """
        try:
            sealed = base64.b64decode(text, validate=True)
        except binascii.Error as error:
            raise BadSeal("the payload is not base64") from error
        if not sealed or len(sealed) % BLOCK_BYTES:
            raise BadSeal("the payload is not a number of whole blocks")
        with self._lock:
            padded = self._decrypt(self.iv + sealed)
        fill = padded[-1]
        if not 1 <= fill <= BLOCK_BYTES or not padded.endswith(_PADDING[-fill]):
            raise BadSeal("the payload was encrypted with another key")
        return padded[BLOCK_BYTES:-fill]

    def digest(self, text: bytes) -> str:
        """Give the `msg_key` of what is to be signed."""
        return _md5(self.encrypt(text))


def public_key(secret: bytes) -> str:
    """Give the base64 of the public key that belongs to 32 secret bytes."""
    return base64.b64encode(
        X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()
    ).decode()


def agree(secret: bytes, peer_key: str, salt: str) -> Cipher | None:
    """Make the cipher of a connection; None where the server offers no key.

    Args:
        secret: this side's 32 secret bytes.
        peer_key: the other side's public key, as CONNECT or CONNACK states it.
        salt: as CONNACK states it, 16 bytes of ASCII.

    Raises:
        BadKey: the key is not 32 bytes of base64, gives no secret, or the salt has another length.
    """
    if not peer_key and not salt:
        return None
    iv = salt.encode(errors="replace")
    if len(iv) != BLOCK_BYTES:
        raise BadKey(f"the salt has {len(iv)} bytes instead of {BLOCK_BYTES}")
    return Cipher(_aes_key(shared_secret(secret, peer_key)), iv)


def shared_secret(secret: bytes, peer_key: str) -> bytes:
    """Give the 32 bytes that both sides arrive at.

    Raises:
        BadKey: the other side's key is unusable.
    """
    try:
        raw = base64.b64decode(peer_key, validate=True)
        peer = X25519PublicKey.from_public_bytes(raw)
        return X25519PrivateKey.from_private_bytes(secret).exchange(peer)
    except ValueError as error:  # binascii.Error and non-ASCII text are some, too
        raise BadKey("the other side's key is not an X25519 key in base64") from error


def _aes_key(shared: bytes) -> bytes:
    return _md5(base64.b64encode(shared))[:BLOCK_BYTES].encode()


def _md5(text: bytes) -> str:
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


# Messages


def signed_text(packet: Send | Recv) -> bytes:
    """Give what `msg_key` signs: neither setting nor expiry, topic, stream or flags."""
    if isinstance(packet, Send):
        text = f"{packet.client_seq}{packet.client_msg_no}{packet.channel_id}{packet.channel_type}"
    else:
        text = (
            f"{packet.message_id}{packet.message_seq}{packet.client_msg_no}{packet.timestamp}"
            f"{packet.from_uid}{packet.channel_id}{packet.channel_type}"
        )
    return text.encode(errors="surrogatepass") + packet.payload


def seal(packet: Sealed, cipher: Cipher | None) -> Sealed:
    """Turn a message with its plain payload into what goes over the wire."""
    if cipher is None:
        return packet
    sealed = msgspec.structs.replace(packet, payload=cipher.encrypt(packet.payload))
    return msgspec.structs.replace(sealed, msg_key=cipher.digest(signed_text(sealed)))


def unseal(packet: Sealed, cipher: Cipher | None) -> Sealed:
    """Turn what came over the wire into a message with its plain payload.

    `msg_key` stays, so that sealing again gives the same packet.

    Raises:
        BadSeal: the digest is wrong or the payload cannot be decrypted; the digest comes first, as
            it does in the server, which answers reason 9 to both.
    """
    if cipher is None:
        return packet
    if not verifies(packet, cipher):
        raise BadSeal("msg_key does not belong to this message")
    return msgspec.structs.replace(packet, payload=cipher.decrypt(packet.payload))


def verifies(packet: Send | Recv, cipher: Cipher) -> bool:
    """Tell whether `msg_key` is the digest of this message."""
    expected = cipher.digest(signed_text(packet))
    return hmac.compare_digest(expected.encode(), packet.msg_key.encode(errors="surrogatepass"))
