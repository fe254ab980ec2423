"""Every key of a stack's config, in the namespace `hhsync`: what it is for, its default, and whether it is a secret.

stacks/README.md has these texts, which a test holds. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """One key. `note` is its default, or that it is required; "" where neither is to say."""

    name: str
    note: str
    text: str
    secret: bool = False

    def __str__(self) -> str:
        """Its line in the reference."""
        note = f" ({self.note})" if self.note else ""
        return f"- `hhsync:{self.name}`{note}: {'**secret**: ' if self.secret else ''}{self.text}"


CONFIG = (
    ConfigKey(
        "gitUrl",
        "required",
        "the repository: `https://…`, `ssh://…`, `git@host:path`, or an absolute local path; a URL with "
        "credentials in it is refused",
    ),
    ConfigKey(
        "gitBranch",
        "default: `main`",
        "the branch",
    ),
    ConfigKey(
        "gitPath",
        "default: the root",
        "the fabric's folder in the repository; where it has `managed/`, only that is desired, and `raw/` holds Drafts",
    ),
    ConfigKey(
        "gitUsername",
        "default: `git`",
        "the user name that goes with the token over HTTPS",
    ),
    ConfigKey(
        "gitToken",
        "default: none",
        "token or password for HTTPS",
        secret=True,
    ),
    ConfigKey(
        "gitTokenCommand",
        "default: none",
        "instead: a command that prints a token, e.g. an installation token of a GitHub App. No shell; "
        "its program by absolute path or on PATH; run once per run, and once more when the server refuses"
        " the token",
    ),
    ConfigKey(
        "gitCaFile",
        "default: the system's",
        "file with the CA certificate that signed the Git server's; certificates are always verified",
    ),
    ConfigKey(
        "gitProxy",
        "default: `https_proxy`, `no_proxy`",
        "proxy for HTTP and HTTPS, `http://USER@HOST:PORT` (also `https`, `socks5`, `socks5h`); for SSH "
        "use `ProxyJump` in your SSH configuration",
    ),
    ConfigKey(
        "gitProxyPassword",
        "default: none",
        "the password that the proxy wants",
        secret=True,
    ),
    ConfigKey(
        "gitSshKey",
        "default: none",
        "the text of a private key without passphrase (`pulumi config set --secret hhsync:gitSshKey < id_ed25519`)",
        secret=True,
    ),
    ConfigKey(
        "gitSshKeyFile",
        "default: your agent and `~/.ssh`",
        "instead: the path of a private key; with a passphrase it must be in your SSH agent (`SSH_AUTH_SOCK`)",
    ),
    ConfigKey(
        "gitKnownHostsFile",
        "default: `~/.ssh/known_hosts`",
        "the host keys to expect over SSH; an unknown or changed key is refused",
    ),
    ConfigKey(
        "gitVerify",
        "default: `off`",
        "`signed`: nothing is read unless the commit at the head of the branch has a good signature "
        "([below](#signed-commits))",
    ),
    ConfigKey(
        "gitAllowedSignersFile",
        "default: none",
        'whose SSH signatures are good: a file as `ssh-keygen` reads it (`mail namespaces="git" ssh-ed25519 AAAA…`)',
    ),
    ConfigKey(
        "gitKeyringFile",
        "default: none",
        "whose GPG signatures are good: a file of exported public keys (`gpg --export --armor NAME…`)",
    ),
    ConfigKey(
        "gitAuthor",
        "default: your git identity, else `hhsync`",
        "`Name <mail>` of the commits that `ingest`, `edit`, … make",
    ),
    ConfigKey(
        "gitMessage",
        "default: `${summary}`",
        "template of their messages; placeholders `${summary}`, `${verb}`, `${fabric}`, `${count}`; `-m` "
        "goes before it",
    ),
    ConfigKey(
        "gitSigningKey",
        "default: none",
        "signs them: the path of an SSH private key without passphrase (or with an agent), or a GPG key's"
        " id; needed where `gitVerify` is `signed`",
    ),
    ConfigKey(
        "gitForge",
        "default: by the host's name",
        "`github` or `gitlab`: where `--branch` opens its pull request, with `gitToken`",
    ),
    ConfigKey(
        "gitForgeUrl",
        "default: by the host",
        "base URL of its REST API, e.g. `https://git.example.com/api/v3`",
    ),
    ConfigKey(
        "ingestOnSync",
        "default: `false`",
        "`true` makes `hhsync sync` ingest `raw/` first",
    ),
    ConfigKey(
        "netboxUrl",
        "required",
        "NetBox's base URL, e.g. `https://netbox.example.com`",
    ),
    ConfigKey(
        "netboxToken",
        "required",
        "an API token, v2 (`nbt_KEY.SECRET`) or v1",
        secret=True,
    ),
    ConfigKey(
        "netboxCaFile",
        "default: the system's",
        "file with the CA certificate that signed NetBox's",
    ),
    ConfigKey(
        "netboxInsecure",
        "default: `false`",
        "`true` does not verify NetBox's certificate",
    ),
    ConfigKey(
        "kubeconfig",
        "",
        "first way: a kubeconfig file (token, client certificate or exec plugin)",
    ),
    ConfigKey(
        "kubeContext",
        "default: its current one",
        "which context of it",
    ),
    ConfigKey(
        "inCluster",
        "default: `false`",
        "second way: `true` uses the service account of the pod that hhsync runs in",
    ),
    ConfigKey(
        "clusterUrl",
        "",
        "third way: the API server's URL",
    ),
    ConfigKey(
        "clusterToken",
        "default: none",
        "the bearer token for that URL",
        secret=True,
    ),
    ConfigKey(
        "clusterCaFile",
        "default: the system's",
        "file with the CA certificate that signed the API server's",
    ),
    ConfigKey(
        "clusterInsecure",
        "default: `false`",
        "`true` does not verify the API server's certificate",
    ),
    ConfigKey(
        "allowDeletes",
        "default: the prune rule",
        "so many managed CRs may be deleted by one sync although the rule (at most 3 or 30 %, never all) "
        "says no; for a single sync use `hhsync sync FABRIC --allow-deletes N`",
    ),
    ConfigKey(
        "schemasDir",
        "default: those that hhsync ships",
        "absolute path of a folder with CRDs (YAML) against which every verb validates Git instead "
        "([docs/validation.md](../docs/validation.md))",
    ),
    ConfigKey(
        "forceConflicts",
        "default: `false`",
        "`true` lets a first sync change properties of objects in the cluster that other field managers "
        "own ([docs/drift.md](../docs/drift.md))",
    ),
    ConfigKey(
        "recordOrphans",
        "default: `false`",
        '`true` lets `hhsync sync` record CRs that are in the cluster and not in Git in NetBox, as "Not from Git"',
    ),
    ConfigKey(
        "clusterBootstrap",
        "default: `false`",
        "`true` makes the cluster ready before the first CR, through pulumi-kubernetes: a namespace, the "
        "CRDs of the 12 kinds, and the service account `hhsync` with the least rights",
    ),
    ConfigKey(
        "bootstrapNamespace",
        "default: `hhsync`",
        "the namespace of that account",
    ),
    ConfigKey(
        "hooksAfterSync",
        "default: none",
        "a list of shell commands that run one after the other when a sync has written or removed a CR: "
        "`pulumi config set --path 'hhsync:hooksAfterSync[0]' COMMAND` (with `--secret` for commands that"
        " hold one)",
    ),
)
