"""Whether the commit at the head of the branch is signed by somebody who is trusted (hhsync:gitVerify).

Only the head is judged: its signature covers its whole tree, which is all that is read, and by the ids of its parents the
history below it. So an unsigned commit counts once a trusted one stands on top of it, which is how merges are signed off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitops.git import signatures
from gitops.git.signatures import BadSignature
from providers.errors import GitError

if TYPE_CHECKING:
    from gitops.git.command import GitCommand
    from providers.settings import GitSettings

# Signatures over the commit in one hash and in the other; both are left out of what is signed.
_HEADERS = (b"gpgsig", b"gpgsig-sha256")
_SSH, _GPG = b"-----BEGIN SSH SIGNATURE-----", b"-----BEGIN PGP SIGNATURE-----"
_HINT = "sign it (git commit --amend --no-edit -S) or put a signed commit on top, and push"


def require_signature(command: GitCommand, settings: GitSettings, head: str) -> str:
    """Refuse a head without a good signature where the settings ask for one; else who signed it ("" where nobody asks).

    Raises:
        GitError: no signature, a bad or expired one, or one of somebody who is not trusted.
        CommandFailed: the commit cannot be read.
    """
    if not settings.signed:
        return ""
    try:
        payload, signature = split(command.run("cat-file", "commit", head))
        if signature.startswith(_SSH):
            return signatures.ssh_signer(payload, signature, settings.allowed_signers_file)
        if signature.startswith(_GPG):
            return signatures.gpg_signer(payload, signature, settings.keyring_file)
        raise BadSignature("its signature is neither of SSH nor of GPG; sign with one of the two")
    except BadSignature as bad:
        raise GitError(
            f"Git repository {command.url}: hhsync:gitVerify is signed, and commit {head[:12]}, the head of "
            f"{settings.branch}, is refused: {bad}"
        ) from None


def split(commit: bytes) -> tuple[bytes, bytes]:
    """What is signed, and the signature, of a commit object's bytes.

    Raises:
        BadSignature: there is no signature, or more than one.
    """
    header, blank, message = commit.partition(b"\n\n")
    kept: list[bytes] = []
    found: list[list[bytes]] = []
    inside = False
    for line in header.split(b"\n"):
        if line.startswith(b" ") and inside:
            found[-1].append(line[1:])
            continue
        name, _, rest = line.partition(b" ")
        inside = name in _HEADERS
        if inside:
            found.append([rest])
        else:
            kept.append(line)
    if not found:
        raise BadSignature(f"it is not signed; {_HINT}")
    if len(found) > 1:
        raise BadSignature("it carries more than one signature")
    return b"\n".join(kept) + blank + message, b"\n".join(found[0]) + b"\n"
