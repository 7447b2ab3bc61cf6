"""Keys, ciphertext and digests, against those of the real libraries."""

from __future__ import annotations

import base64
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from hypothesis import given
from hypothesis import strategies as st

from imcli.wire.binary import Decoder
from imcli.wire.encryption import (
    BadKey,
    BadSeal,
    Cipher,
    agree,
    public_key,
    seal,
    shared_secret,
    signed_text,
    unseal,
    verifies,
)
from imcli.wire.packets import Recv, Send
from tests.wire.recorded import vectors

KEYS = vectors()["key_derivation"]
CLIENT = bytes.fromhex(KEYS["client_private_hex"])
SERVER = bytes.fromhex(KEYS["server_private_hex"])


def cipher_of_vectors() -> Cipher:
    cipher = agree(CLIENT, KEYS["server_public_b64"], KEYS["salt"])
    assert cipher is not None
    return cipher


CIPHER = cipher_of_vectors()
OTHER = Cipher(b"another key here", CIPHER.iv)
SIGNED = [vector for vector in vectors()["frames"] if "sign" in vector["fields"]]


def test_both_sides_arrive_at_the_key_of_the_real_libraries() -> None:
    assert public_key(CLIENT) == KEYS["client_public_b64"]
    assert public_key(SERVER) == KEYS["server_public_b64"]
    assert shared_secret(CLIENT, KEYS["server_public_b64"]).hex() == KEYS["shared_secret_hex"]
    other_side = agree(SERVER, KEYS["client_public_b64"], KEYS["salt"])
    assert other_side is not None
    assert (other_side.key, other_side.iv) == (CIPHER.key, CIPHER.iv)
    assert KEYS["aes_key_ascii"].encode() == CIPHER.key
    assert KEYS["iv_hex"] == CIPHER.iv.hex()


@pytest.mark.parametrize("vector", vectors()["aes"], ids=lambda vector: vector["plain_utf8"][:20])
def test_ciphertext_is_that_of_the_real_libraries(vector: dict[str, Any]) -> None:
    plain = bytes.fromhex(vector["plain_hex"])
    assert CIPHER.encrypt(plain) == vector["cipher_b64"].encode()
    assert CIPHER.decrypt(vector["cipher_b64"].encode()) == plain


@pytest.mark.parametrize("vector", SIGNED, ids=lambda vector: vector["name"])
def test_the_message_key_of_a_frame_is_that_of_the_real_libraries(vector: dict[str, Any]) -> None:
    (packet,) = Decoder(vector["version"]).receive(bytes.fromhex(vector["hex"]))
    assert isinstance(packet, Send | Recv)
    assert signed_text(packet) == vector["fields"]["sign"].encode()
    plain = unseal(packet, CIPHER)
    assert plain.payload == vector["fields"]["plain"].encode()
    assert seal(plain, CIPHER) == packet


def anew(key: bytes, iv: bytes, plain: bytes) -> bytes:
    """Encrypt with a context of its own, as the real libraries do."""
    fill = 16 - len(plain) % 16
    encryptor = BlockCipher(AES(key), CBC(iv)).encryptor()
    sealed = encryptor.update(plain + bytes([fill]) * fill) + encryptor.finalize()
    return base64.b64encode(sealed)


@given(
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    st.lists(st.tuples(st.booleans(), st.binary(max_size=70)), max_size=12),
)
def test_a_cipher_that_runs_on_gives_the_bytes_of_one_made_anew_for_each_message(
    key: bytes, iv: bytes, messages: list[tuple[bool, bytes]]
) -> None:
    cipher = Cipher(key, iv)
    for encrypts, plain in messages:
        text = anew(key, iv, plain)
        if encrypts:
            assert cipher.encrypt(plain) == text
        else:
            assert cipher.decrypt(text) == plain


def test_what_cannot_be_decrypted_leaves_the_cipher_as_it_was() -> None:
    text = CIPHER.encrypt(b"hi")
    for bad in (b"", b"?", base64.b64encode(bytes(15)), OTHER.encrypt(b"hi"), b"AAAA"):
        with pytest.raises(BadSeal):
            CIPHER.decrypt(bad)
        assert CIPHER.decrypt(text) == b"hi"
        assert CIPHER.encrypt(b"hi") == text


def test_threads_share_a_cipher() -> None:
    plains = [bytes([number]) * number for number in range(64)]
    texts = [anew(CIPHER.key, CIPHER.iv, plain) for plain in plains]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(CIPHER.encrypt, plains * 20)) == texts * 20
        assert list(threads.map(CIPHER.decrypt, texts * 20)) == plains * 20


SENDS = st.builds(
    Send,
    channel_id=st.text(),
    channel_type=st.integers(0, 255),
    payload=st.binary(max_size=100),
    client_seq=st.integers(0, 9),
    client_msg_no=st.text(),
)


@given(SENDS)
def test_unsealing_what_was_sealed_gives_the_same_message(packet: Send) -> None:
    sealed = seal(packet, CIPHER)
    assert unseal(sealed, CIPHER) == msgspec.structs.replace(packet, msg_key=sealed.msg_key)
    with pytest.raises(BadSeal, match="msg_key"):
        unseal(sealed, OTHER)


@pytest.mark.parametrize(
    ("field", "value"),
    [("message_id", 9), ("message_seq", 9), ("timestamp", 9), ("from_uid", "x"), ("payload", b"x")],
)
def test_a_changed_message_is_not_accepted(field: str, value: object) -> None:
    sealed = seal(Recv(1, 2, "u1", 1, "u1", b"hi", 3, "cmn"), CIPHER)
    assert verifies(sealed, CIPHER)
    changed = msgspec.structs.replace(sealed, **{field: value})
    with pytest.raises(BadSeal, match="msg_key"):
        unseal(changed, CIPHER)


def test_what_is_not_signed_may_change() -> None:
    sealed = seal(Send("u1", 1, b"hi", topic="t", setting=8), CIPHER)
    assert verifies(msgspec.structs.replace(sealed, setting=0, topic="", expire=9, flags=2), CIPHER)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"?", "not base64"),
        (b"\xff", "not base64"),
        (b"", "whole blocks"),
        (base64.b64encode(b"short"), "whole blocks"),
        (OTHER.encrypt(b"hi"), "another key"),
    ],
)
def test_a_rightly_signed_payload_that_is_no_ciphertext_is_not_accepted(
    text: bytes, message: str
) -> None:
    packet = Send("u1", 1, text)
    signed = msgspec.structs.replace(packet, msg_key=CIPHER.digest(signed_text(packet)))
    with pytest.raises(BadSeal, match=message):
        unseal(signed, CIPHER)


def test_a_server_without_a_key_has_nothing_encrypted() -> None:
    assert agree(CLIENT, "", "") is None
    packet = Send("u1", 1, b"hi")
    assert seal(packet, None) == unseal(packet, None) == packet


@pytest.mark.parametrize(
    ("key", "salt", "message"),
    [
        ("", KEYS["salt"], "not an X25519 key"),
        ("?", KEYS["salt"], "not an X25519 key"),
        ("é", KEYS["salt"], "not an X25519 key"),
        (base64.b64encode(bytes(31)).decode(), KEYS["salt"], "not an X25519 key"),
        (base64.b64encode(bytes(32)).decode(), KEYS["salt"], "not an X25519 key"),
        (KEYS["server_public_b64"], "short", "5 bytes instead of 16"),
        (KEYS["server_public_b64"], "", "0 bytes instead of 16"),
        (KEYS["server_public_b64"], "\ud800", "1 bytes instead of 16"),
    ],
)
def test_a_key_or_salt_that_cannot_be_used_is_refused(key: str, salt: str, message: str) -> None:
    with pytest.raises(BadKey, match=message):
        agree(CLIENT, key, salt)


def test_the_program_starts_without_cryptography() -> None:
    code = "import imcli.cli.app, sys; print('cryptography' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "False\n"
