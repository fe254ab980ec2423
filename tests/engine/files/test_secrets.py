"""The passphrase provider (engine-contract §5.4)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine import secrets
from embedded.engine.errors import PassphraseError, StateError
from embedded.engine.secrets import Cipher, new_salt, read_passphrase
from tests.engine.files.laws import law

if TYPE_CHECKING:
    from pathlib import Path

ENV = {"PULUMI_CONFIG_PASSPHRASE": "a phrase"}


@law
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_sealed_can_be_opened(text: str) -> None:
    cipher = Cipher(new_salt(ENV), ENV)
    assert Cipher(cipher.salt, ENV).decrypt(cipher.encrypt(text)) == text


def test_the_format_is_that_of_the_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sealed here with other code, as the contract describes it: a million rounds, 12-byte nonce, tag appended."""
    monkeypatch.setattr(secrets, "ITERATIONS", 1_000_000)
    salt, nonce = b"8 bytes!", b"twelve bytes"
    key = PBKDF2HMAC(hashes.SHA256(), 32, salt, 1_000_000).derive(b"a phrase")

    def seal(text: bytes) -> str:
        sealed = AESGCM(key).encrypt(nonce, text, None)
        return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"

    cipher = Cipher(f"v1:{base64.b64encode(salt).decode()}:{seal(b'pulumi')}", ENV)
    assert cipher.decrypt(seal(b"text")) == "text"


def test_the_real_number_of_rounds_is_a_million() -> None:
    import importlib.util

    spec = importlib.util.find_spec("embedded.engine.secrets")
    assert spec is not None
    assert spec.loader is not None
    assert "\nITERATIONS = 1_000_000\n" in spec.loader.get_source(spec.name)  # type: ignore[attr-defined]


def test_two_sealings_differ() -> None:
    cipher = Cipher(new_salt(ENV), ENV)
    assert cipher.encrypt("x") != cipher.encrypt("x")


def test_an_unchanged_secret_in_its_place_keeps_its_ciphertext() -> None:
    cipher = Cipher(new_salt(ENV), ENV)
    sealed = cipher.encrypt("x", "here")
    fresh = Cipher(cipher.salt, ENV)
    assert fresh.decrypt(sealed, "here") == "x"
    assert fresh.encrypt("x", "here") == sealed
    assert fresh.encrypt("x", "elsewhere") != sealed
    assert fresh.encrypt("y", "here") != sealed


def test_a_wrong_phrase_is_told_from_a_damaged_text() -> None:
    cipher = Cipher(new_salt(ENV), ENV)
    with pytest.raises(PassphraseError, match="incorrect passphrase"):
        Cipher(cipher.salt, {"PULUMI_CONFIG_PASSPHRASE": "other"}).unlock()
    with pytest.raises(StateError, match="cannot be decrypted"):
        cipher.decrypt(Cipher(new_salt(ENV), ENV).encrypt("x"), "place")


@pytest.mark.parametrize(
    "salt", ["", "v1", "v2:YQ==:v1:YQ==:YQ==", "v1:!!:v1:YQ==:YQ==", "v1:YQ==:nonsense", "v1:YQ=="]
)
def test_a_malformed_salt_is_named_as_such(salt: str) -> None:
    with pytest.raises(StateError, match="salt of the stack is malformed"):
        Cipher(salt, ENV).unlock()


def test_nothing_secret_is_shown(tmp_path: Path) -> None:
    cipher = Cipher(new_salt(ENV), ENV)
    cipher.encrypt("t0psecret", "here")
    assert "t0psecret" not in repr(cipher)
    with pytest.raises(StateError) as caught:
        cipher.decrypt("v1:YQ==:t0psecret")
    assert "t0psecret" not in str(caught.value)
    with pytest.raises(PassphraseError) as wrong:
        Cipher(cipher.salt, {"PULUMI_CONFIG_PASSPHRASE": "t0psecret"}).unlock()
    assert "t0psecret" not in str(wrong.value)


def test_where_the_phrase_comes_from(tmp_path: Path) -> None:
    file = tmp_path / "phrase"
    file.write_text(" from a file \n")
    both = {"PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}
    assert read_passphrase(both) == ""
    assert read_passphrase({"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "from a file"
    with pytest.raises(PassphraseError, match="PULUMI_CONFIG_PASSPHRASE_FILE"):
        read_passphrase({"PULUMI_CONFIG_PASSPHRASE_FILE": str(tmp_path / "none")})
    with pytest.raises(PassphraseError, match="PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE"):
        read_passphrase({})
