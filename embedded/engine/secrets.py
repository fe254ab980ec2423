"""The passphrase secrets provider: AES-256-GCM with a key derived from a phrase and a salt (engine-contract §5.4).

Nothing here writes the phrase, a key or a plaintext anywhere; `Cipher` has no repr of its contents.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import threading
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from embedded.engine.errors import PassphraseError, StateError

if TYPE_CHECKING:
    from collections.abc import Mapping

ITERATIONS = 1_000_000
PHRASE, PHRASE_FILE = "PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE"
_PROOF = "pulumi"


@lru_cache(maxsize=32)
def _derive(phrase: str, salt: bytes) -> bytes:
    """The 32-byte key; a third of a second each, so kept for the life of the process."""
    return hashlib.pbkdf2_hmac("sha256", phrase.encode(), salt, ITERATIONS, 32)


def _encrypt(key: bytes, plaintext: str) -> str:
    nonce = os.urandom(12)
    sealed = AESGCM(key).encrypt(nonce, plaintext.encode(), None)
    return f"v1:{base64.b64encode(nonce).decode()}:{base64.b64encode(sealed).decode()}"


def _decrypt(key: bytes, ciphertext: str) -> str:
    """Raises ValueError for a malformed text and InvalidTag for a wrong key or a changed text."""
    version, nonce, sealed = ciphertext.split(":")
    if version != "v1":
        raise ValueError(f"unknown ciphertext version {version!r}")
    return AESGCM(key).decrypt(_b64(nonce), _b64(sealed), None).decode()


def _b64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def read_passphrase(env: Mapping[str, str]) -> str:
    """The passphrase: PULUMI_CONFIG_PASSPHRASE (which may be empty), or the file PULUMI_CONFIG_PASSPHRASE_FILE names.

    Raises PassphraseError when neither is set or the file cannot be read.
    """
    if PHRASE in env:
        return env[PHRASE]
    if name := env.get(PHRASE_FILE):
        try:
            return Path(name).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
            raise PassphraseError(f"unable to read PULUMI_CONFIG_PASSPHRASE_FILE {name}: {reason}") from None
    raise PassphraseError(
        "passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE environment variables"
    )


def new_salt(env: Mapping[str, str]) -> str:
    """A fresh salt text `v1:<salt>:<proof>` for the environment's passphrase. Raises PassphraseError when it is
    missing."""
    salt = os.urandom(8)
    key = _derive(read_passphrase(env), salt)
    return f"v1:{base64.b64encode(salt).decode()}:{_encrypt(key, _PROOF)}"


class Cipher:
    """Encrypts and decrypts the secrets of one stack.

    The key is derived on first use, so that a command without secrets needs no passphrase; `unlock` does it at once.
    A plaintext that was decrypted at some `place` gets its old ciphertext back when it is encrypted at that place
    again: files do not change where nothing changed. Every method may be called from any thread.
    """

    def __init__(self, salt: str, env: Mapping[str, str]) -> None:
        self.salt = salt
        self._env = env
        self._key: bytes | None = None
        self._seen: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()

    def unlock(self) -> bytes:
        """Derive the key and prove it. Raises PassphraseError (missing or wrong) or StateError (malformed salt)."""
        with self._lock:
            if self._key is None:
                self._key = self._prove()
            return self._key

    def _prove(self) -> bytes:
        version, _, rest = self.salt.partition(":")
        salt, _, proof = rest.partition(":")
        if version != "v1" or not proof:
            raise StateError("the encryption salt of the stack is malformed: expected v1:SALT:v1:NONCE:TEXT")
        try:
            key = _derive(read_passphrase(self._env), _b64(salt))
            if _decrypt(key, proof) == _PROOF:
                return key
        except ValueError:
            raise StateError("the encryption salt of the stack is malformed: expected v1:SALT:v1:NONCE:TEXT") from None
        except InvalidTag:
            pass
        raise PassphraseError("incorrect passphrase: check PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE")

    def encrypt(self, plaintext: str, place: str = "") -> str:
        """The ciphertext of `plaintext`: the one last seen at `place` when the plaintext is the same, else a new
        one."""
        with self._lock:
            known = self._seen.get((place, plaintext)) if place else None
        if known is not None:
            return known
        ciphertext = _encrypt(self.unlock(), plaintext)
        self._remember(place, plaintext, ciphertext)
        return ciphertext

    def decrypt(self, ciphertext: str, place: str = "") -> str:
        """The plaintext. Raises PassphraseError, or StateError when the text was changed or made with another key."""
        key = self.unlock()
        try:
            plaintext = _decrypt(key, ciphertext)
        except (ValueError, InvalidTag):
            where = f" at {place}" if place else ""
            raise StateError(f"a secret{where} cannot be decrypted: it was made with another key, or changed") from None
        self._remember(place, plaintext, ciphertext)
        return plaintext

    def _remember(self, place: str, plaintext: str, ciphertext: str) -> None:
        if place:
            with self._lock:
                self._seen[(place, plaintext)] = ciphertext
