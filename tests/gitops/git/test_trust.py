"""gitVerify signed: only a head with a good signature of somebody trusted is read. Real SSH and GPG keys."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitops import load
from gitops.git.signatures import BadSignature
from gitops.git.source import read_snapshot
from gitops.git.trust import split
from providers.errors import GitError
from providers.settings import GitSettings
from tests.support.repositories import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANN, BOB = "ann@example.com", "bob@example.com"
SERVER = "apiVersion: wiring.githedgehog.com/v1beta1\nkind: Server\nmetadata: {{name: {0}}}\n"


def run(*command: str, **environment: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, **environment})
    return done.stdout


@dataclasses.dataclass
class Signing:
    """A repository whose commits can be signed, with SSH keys of Ann and Bob; Ann is trusted."""

    repository: Repository
    folder: Path

    @property
    def settings(self) -> GitSettings:
        allowed = str(self.folder / "allowed")
        return GitSettings(self.repository.url, path="f", signed=True, allowed_signers_file=allowed)

    def key(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path))
        return path

    def public(self, name: str) -> str:
        return " ".join(self.key(name).with_suffix(self.key(name).suffix + ".pub").read_text().split()[:2])

    def trust(self, *lines: str) -> None:
        (self.folder / "allowed").write_text("".join(f"{line}\n" for line in lines))

    def commit(self, by: str | None, text: str = "a: 1\n", sign: tuple[str, ...] = ()) -> str:
        """A commit of f/a.yaml, signed with somebody's SSH key, with other options, or not at all."""
        file = self.repository.path / "f/a.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        self.repository.git("add", "--all")
        if by:
            sign = ("-c", "gpg.format=ssh", "-c", f"user.signingkey={self.key(by)}", "commit", "-S")
        self.repository.git(*(sign or ("commit",)), "-q", "--allow-empty", "-m", "a change")
        return self.repository.head()

    def signer(self, settings: GitSettings | None = None) -> str:
        return read_snapshot(settings or self.settings, self.folder / "cache").signer

    def refusal(self, settings: GitSettings | None = None) -> str:
        with pytest.raises(GitError) as caught:
            self.signer(settings)
        text = str(caught.value)
        assert "\n" not in text
        assert f"commit {self.repository.head()[:12]}, the head of main, is refused: " in text
        return text


@pytest.fixture
def signing(tmp_path: Path) -> Signing:
    made = Signing(Repository(tmp_path / "repository"), tmp_path)
    made.trust(f"{ANN} {made.public(ANN)}")
    return made


def test_a_good_ssh_signature_of_a_trusted_signer_is_read(signing: Signing) -> None:
    signing.commit(ANN)
    assert re.fullmatch(rf"{ANN} \(SHA256:\S+\)", signing.signer())


def test_without_gitverify_nobody_asks(signing: Signing) -> None:
    signing.commit(None)
    assert signing.signer(dataclasses.replace(signing.settings, signed=False)) == ""


def test_a_trusted_commit_on_top_of_an_unsigned_one_vouches_for_it(signing: Signing) -> None:
    signing.commit(None)
    signing.refusal()
    signing.commit(ANN, "a: 2\n")
    assert signing.signer().startswith(ANN)


def test_an_unsigned_commit_on_top_of_a_trusted_one_is_refused(signing: Signing) -> None:
    signing.commit(ANN)
    signing.signer()
    signing.commit(None, "a: 2\n")
    assert "it is not signed; sign it (git commit --amend --no-edit -S)" in signing.refusal()


def test_an_unknown_signer_is_named_by_key(signing: Signing) -> None:
    signing.commit(BOB)
    assert re.search(r"by the unknown SSH key SHA256:\S+; if it is to be trusted, add it to", signing.refusal())


@pytest.mark.parametrize("options", ['valid-before="20200101"', 'valid-after="20990101"', 'namespaces="file"'])
def test_a_key_that_does_not_hold_now_or_here_is_told_from_an_unknown_one(signing: Signing, options: str) -> None:
    signing.trust(f"{ANN} {options} {signing.public(ANN)}")
    signing.commit(ANN)
    assert "but not for now or not for git" in signing.refusal()


def test_a_key_for_git_is_enough(signing: Signing) -> None:
    signing.trust(f"{BOB} {signing.public(BOB)}", f'{ANN} namespaces="git" {signing.public(ANN)}')
    signing.commit(ANN)
    assert signing.signer().startswith(ANN)


def rewritten(repository: Repository, change: tuple[str, str]) -> None:
    """Put a changed copy of the head commit's object at the head, signature and all."""
    text = repository.git("cat-file", "commit", "HEAD") + "\n"
    assert change[0] in text
    made = repository.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=text.replace(*change, 1))
    repository.git("update-ref", "refs/heads/main", made)


@pytest.mark.parametrize("change", [("a change", "another"), ("author Ann", "author Eve")])
def test_a_commit_that_was_changed_after_it_was_signed_is_refused(signing: Signing, change: tuple[str, str]) -> None:
    signing.commit(ANN)
    rewritten(signing.repository, change)
    assert "the signature does not fit: the commit was changed after it was signed" in signing.refusal()


def test_a_signature_moved_into_the_message_counts_for_nothing(signing: Signing) -> None:
    signing.commit(ANN)
    rewritten(signing.repository, ("gpgsig ", "gpgsig2 "))
    assert "it is not signed" in signing.refusal()


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"allowed_signers_file": None, "keyring_file": "/x"}, "signed with SSH, and no SSH key is trusted"),
        ({"allowed_signers_file": "/no/such"}, "the file /no/such of hhsync:gitAllowedSignersFile is missing"),
    ],
)
def test_a_missing_list_of_signers_refuses(signing: Signing, changes: dict[str, str], says: str) -> None:
    signing.commit(ANN)
    assert says in signing.refusal(dataclasses.replace(signing.settings, **changes))


def test_nothing_is_loaded_of_a_refused_commit(signing: Signing) -> None:
    signing.commit(ANN, SERVER.format("s-1"))
    cache = signing.folder / "cache"
    assert len(load.load_desired(signing.settings, cache).desired.manifests) == 1
    signing.commit(None, SERVER.format("s-2"))
    with pytest.raises(GitError, match="it is not signed"):
        load.load_desired(signing.settings, cache)


@pytest.fixture(scope="module")
def gpg(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A GnuPG home with keys of Ann, Bob, Sam since 2020, and Old, whose key of 2020 has expired."""
    home = tmp_path_factory.mktemp("g")
    home.chmod(0o700)
    past = ("--faked-system-time", "20200101T000000")
    for name, clock, expiry in (
        ("Ann", (), "never"),
        ("Bob", (), "never"),
        ("Sam", past, "never"),
        ("Old", past, "2d"),
    ):
        run(
            "gpg", "--homedir", str(home), "--batch", "--quiet", *clock, "--pinentry-mode", "loopback", "--passphrase", "",
            "--quick-generate-key", f"{name} <{name.lower()}@example.com>", "ed25519", "sign", expiry,
        )  # fmt: skip
    yield home
    run("gpgconf", "--homedir", str(home), "--kill", "all")


def keyring(gpg: Path, folder: Path, *names: str, armor: bool = True) -> str:
    path = folder / "keys"
    options = ["--armor"] if armor else []
    run("gpg", "--homedir", str(gpg), "--batch", "--yes", *options, "--output", str(path), "--export", *names)
    return str(path)


def gpg_settings(signing: Signing, keys: str) -> GitSettings:
    return dataclasses.replace(signing.settings, allowed_signers_file=None, keyring_file=keys)


def gpg_commit(signing: Signing, gpg: Path, by: str, clock: str = "") -> str:
    program = signing.folder / "gpg"
    program.write_text(
        f'#!/bin/sh\nexec gpg --homedir {gpg} --batch --pinentry-mode loopback --passphrase "" {clock} "$@"\n'
    )
    program.chmod(0o755)
    return signing.commit(None, sign=("-c", f"gpg.program={program}", "commit", f"-S{by}@example.com"))


@pytest.mark.parametrize("armor", [True, False])
def test_a_good_gpg_signature_of_the_keyring_is_read(signing: Signing, gpg: Path, armor: bool) -> None:
    gpg_commit(signing, gpg, "ann")
    assert (
        signing.signer(gpg_settings(signing, keyring(gpg, signing.folder, "Ann", armor=armor)))
        == "Ann <ann@example.com>"
    )


def test_a_gpg_signature_of_nobody_in_the_keyring_is_refused(signing: Signing, gpg: Path) -> None:
    gpg_commit(signing, gpg, "bob")
    said = signing.refusal(gpg_settings(signing, keyring(gpg, signing.folder, "Ann")))
    assert re.search(
        r"by the unknown GPG key [0-9A-F]{16}; if it is to be trusted, add it to hhsync:gitKeyringFile", said
    )


def test_a_gpg_signature_of_an_expired_key_is_refused(signing: Signing, gpg: Path) -> None:
    gpg_commit(signing, gpg, "old", "--faked-system-time 20200101T000100")
    said = signing.refusal(gpg_settings(signing, keyring(gpg, signing.folder, "Old")))
    assert "it is signed by Old <old@example.com>, whose key has expired" in said


def test_a_gpg_signature_that_has_expired_is_refused(signing: Signing, gpg: Path) -> None:
    gpg_commit(signing, gpg, "sam", "--faked-system-time 20200102T000000 --default-sig-expire 1d")
    assert "the signature has expired" in signing.refusal(gpg_settings(signing, keyring(gpg, signing.folder, "Sam")))


def test_a_gpg_signed_commit_that_was_changed_is_refused(signing: Signing, gpg: Path) -> None:
    gpg_commit(signing, gpg, "ann")
    rewritten(signing.repository, ("a change", "another"))
    assert "the signature does not fit" in signing.refusal(gpg_settings(signing, keyring(gpg, signing.folder, "Ann")))


def test_a_keyring_without_keys_is_named(signing: Signing, gpg: Path) -> None:
    gpg_commit(signing, gpg, "ann")
    (signing.folder / "keys").write_text("no keys\n")
    assert "holds no GPG keys" in signing.refusal(gpg_settings(signing, str(signing.folder / "keys")))


def test_the_users_own_keyring_and_configuration_trust_nobody(
    signing: Signing, gpg: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GNUPGHOME", str(gpg))
    gpg_commit(signing, gpg, "bob")
    assert "unknown GPG key" in signing.refusal(gpg_settings(signing, keyring(gpg, signing.folder, "Ann")))


def test_two_signatures_are_no_signature() -> None:
    with pytest.raises(BadSignature, match="more than one signature"):
        split(b"tree x\ngpgsig a\n b\ngpgsig-sha256 c\n\nmessage\n")


def test_the_payload_is_the_commit_without_its_signature() -> None:
    commit = b"tree x\ngpgsig a\n b\nencoding y\nmergetag z\n gpgsig q\n\ngpgsig no\n\nmore\n"
    assert split(commit) == (b"tree x\nencoding y\nmergetag z\n gpgsig q\n\ngpgsig no\n\nmore\n", b"a\nb\n")
