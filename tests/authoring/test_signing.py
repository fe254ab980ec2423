"""Where a stack reads signed commits only, hhsync signs its own, and builds on nothing that is not signed."""

from __future__ import annotations

import dataclasses
import subprocess

import pytest

from authoring import edits
from authoring.changes import Assign
from authoring.edits import Request
from authoring.text.paths import parse as path
from authoring.write import WriteFailed
from gitops.git.source import read_snapshot
from providers.core.identity import ObjectRef
from providers.errors import GitError
from tests.support.bare import options, vpc


def key(folder, name):
    file = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    return file, f'ops@example.com namespaces="git" {file.with_suffix(".pub").read_text()}'


@pytest.fixture
def signed(bare, tmp_path):
    """A repository whose head is signed by the one key that is trusted; that key, and the settings that ask for it."""
    trusted, line = key(tmp_path, "trusted")
    (tmp_path / "allowed").write_text(line)
    bare.work.git("config", "gpg.format", "ssh")
    bare.work.git("config", "user.signingkey", str(trusted))
    bare.work.git("config", "commit.gpgsign", "true")
    bare.push({"managed/a.yaml": vpc("a")})
    settings = dataclasses.replace(bare.settings, signed=True, allowed_signers_file=str(tmp_path / "allowed"))
    return bare, settings, str(trusted)


def edit(settings, cache, opts):
    one = Assign(ObjectRef("VPC", "default", "a"), path("spec.subnets.default.vlan"), 1500)
    return edits.change(settings, cache, opts, Request("edit", "fabric-1", lambda _: (one,)))


def test_a_signed_commit_is_made_that_the_next_read_takes(signed, cache):
    bare, settings, trusted = signed
    result = edit(settings, cache, options(signing_key=trusted))
    assert read_snapshot(settings, cache).commit == result.commit == bare.head()
    assert (
        bare.git("log", "-1", "--format=%an <%ae>|%s") == "Ops <ops@example.com>|Edit VPC/a: spec.subnets.default.vlan"
    )


def test_without_a_key_nothing_is_written(signed, cache):
    bare, settings, _ = signed
    before = bare.head()
    with pytest.raises(GitError, match="hhsync:gitSigningKey"):
        edit(settings, cache, options())
    assert bare.head() == before


def test_a_key_that_nobody_trusts_writes_nothing(signed, cache, tmp_path):
    bare, settings, _ = signed
    before = bare.head()
    with pytest.raises(WriteFailed, match="nothing was written"):
        edit(settings, cache, options(signing_key=str(key(tmp_path, "other")[0])))
    assert bare.head() == before


def test_a_key_that_is_not_there_writes_nothing(signed, cache):
    bare, settings, _ = signed
    before = bare.head()
    with pytest.raises(WriteFailed, match="nothing was written"):
        edit(settings, cache, options(signing_key="/no/such/key"))
    assert bare.head() == before


def test_no_signed_commit_is_put_on_top_of_an_unsigned_one(signed, cache):
    bare, settings, trusted = signed
    bare.work.git("config", "commit.gpgsign", "false")
    before = bare.push({"managed/b.yaml": vpc("b", 1002)})
    with pytest.raises(GitError, match="not signed"):
        edit(settings, cache, options(signing_key=trusted))
    assert bare.head() == before
