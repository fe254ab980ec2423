"""Who made an SSH or GPG signature, by OpenSSH's ssh-keygen and GnuPG's gpg, and only among the keys of one given file.

Both judge by the present time: a key that has expired since signs nothing any more, whatever date a commit claims.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import subprocess
import tempfile
from pathlib import Path

from providers.errors import one_line

_DEADLINE = 60.0
_NAMESPACE = "git"

# What gpg says on its status channel → why the signature does not count. The first that was said wins.
_KEPT = ("PATH", "LD_LIBRARY_PATH", "TMPDIR")

_GPG_REFUSALS = (
    ("BADSIG", "the signature does not fit: the commit was changed after it was signed"),
    ("EXPSIG", "the signature has expired; sign it again"),
    (
        "EXPKEYSIG",
        "it is signed by {who}, whose key has expired; sign with a valid key, or extend it and export it again",
    ),
    ("REVKEYSIG", "it is signed by {who}, whose key was revoked; sign with a valid key"),
    ("NO_PUBKEY", "it is signed by the unknown GPG key {who}; if it is to be trusted, add it to hhsync:gitKeyringFile"),
    ("ERRSIG", "the signature cannot be checked (key {who})"),
)


class BadSignature(Exception):
    """Why a signature does not count, in a few words."""


def ssh_signer(payload: bytes, signature: bytes, allowed: str | None) -> str:
    """The principal of the allowed signers file whose SSH key signed the payload, with the key's fingerprint.

    Raises:
        BadSignature: by cause.
    """
    file = _trusted(allowed, "SSH", "gitAllowedSignersFile")
    with tempfile.TemporaryDirectory(prefix="hhsync-signature-") as folder:
        path = Path(folder, "signature")
        path.write_bytes(signature)
        of = ["-n", _NAMESPACE, "-s", str(path)]
        code, output = _run(["ssh-keygen", "-Y", "check-novalidate", *of], payload)
        match = re.search(r"SHA256:\S+", output)
        if code != 0 or match is None:
            raise BadSignature(
                "the signature does not fit: the commit was changed after it was signed, or it is none of git's"
            )
        fingerprint = match[0]
        _, principals = _run(["ssh-keygen", "-Y", "find-principals", "-s", str(path), "-f", file], b"")
        for name in principals.splitlines():
            code, _ = _run(["ssh-keygen", "-Y", "verify", *of, "-f", file, "-I", name], payload)
            if code == 0:
                return f"{name} ({fingerprint})"
    if fingerprint in _fingerprints(Path(file)):
        raise BadSignature(
            f"it is signed by the SSH key {fingerprint}, which {file} has, but not for now or not for git: it has expired "
            "or is not valid yet (valid-before, valid-after), or its namespaces lack git"
        )
    raise BadSignature(
        f"it is signed by the unknown SSH key {fingerprint}; if it is to be trusted, add it to {file} "
        "(hhsync:gitAllowedSignersFile)"
    )


def gpg_signer(payload: bytes, signature: bytes, keyring: str | None) -> str:
    """The user id of the key of the keyring file that signed the payload.

    Raises:
        BadSignature: by cause.
    """
    file = _trusted(keyring, "GPG", "gitKeyringFile")
    with tempfile.TemporaryDirectory(prefix="hhsync-signature-") as folder:
        gpg = ["gpg", "--homedir", folder, "--batch", "--no-tty", "--no-autostart", "--status-fd", "1"]
        code, output = _run([*gpg, "--import", file], b"")
        if code != 0 and "IMPORT_OK" not in output:
            raise BadSignature(
                f"{file} (hhsync:gitKeyringFile) holds no GPG keys; make it with: gpg --export --armor NAME"
            )
        path = Path(folder, "signature")
        path.write_bytes(signature)
        code, output = _run([*gpg, "--trust-model", "always", "--verify", str(path), "-"], payload)
    status = [line.split(" ", 3)[1:] for line in output.splitlines() if line.startswith("[GNUPG:] ")]
    reported = {words[0]: words[1:] for words in reversed(status)}
    for word, why in _GPG_REFUSALS:
        if word in reported:
            raise BadSignature(
                why.format(who=one_line(" ".join(reported[word][::-1][:1] if word != "ERRSIG" else reported[word][:1])))
            )
    if code != 0 or "GOODSIG" not in reported or "VALIDSIG" not in reported:
        raise BadSignature("gpg does not take its signature for a good one")
    return one_line(reported["GOODSIG"][-1])


def _trusted(path: str | None, what: str, key: str) -> str:
    if not path:
        raise BadSignature(f"it is signed with {what}, and no {what} key is trusted; name them in hhsync:{key}")
    if not os.access(path, os.R_OK) or not Path(path).is_file():
        raise BadSignature(f"the file {path} of hhsync:{key} is missing or cannot be read")
    return path


def _fingerprints(file: Path) -> set[str]:
    """Those of all keys in an allowed signers file: of every word that is a key's base64 text."""
    found = set()
    for word in file.read_text("utf-8", "replace").split():
        try:
            blob = base64.b64decode(word, validate=True)
        except (binascii.Error, ValueError):
            continue
        found.add("SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("="))
    return found


def _run(command: list[str], stdin: bytes) -> tuple[int, str]:
    """Exit code and standard output. Nothing of the user's GnuPG or SSH configuration is read."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, input=stdin, check=False, capture_output=True, timeout=_DEADLINE, env=environment, cwd="/"
        )
    except FileNotFoundError:
        raise BadSignature(f"there is no {command[0]} on this machine to check its signature; install it") from None
    except subprocess.TimeoutExpired:
        raise BadSignature(f"{command[0]} did not end within {_DEADLINE:.0f} s") from None
    return done.returncode, done.stdout.decode("utf-8", "replace")
