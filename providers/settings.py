"""Stack config as typed values: where Git, NetBox and the cluster are, and how to log in.

Every key lives in the namespace `hhsync`; `config_keys` lists them. The same flat mapping reaches the program (from
`pulumi.Config`), the provider (from `configure()`) and the scripts, so that all three read it here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from providers.config_keys import CONFIG
from providers.errors import ConfigError
from providers.git_url import checked_git_url, checked_proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMESPACE = "hhsync"
KEYS = tuple(key.name for key in CONFIG)
SECRET_KEYS = tuple(key.name for key in CONFIG if key.secret)


def config_of(get: Callable[[str], str | None]) -> dict[str, str]:
    """The known keys that are set, without their namespace; `get` takes a full key such as "hhsync:gitUrl"."""
    found = {key: get(f"{NAMESPACE}:{key}") for key in KEYS}
    return {key: str(value) for key, value in found.items() if value is not None}


def allowed_deletes(config: Mapping[str, str]) -> int | None:
    """How many managed CRs one sync may delete whatever the prune rule says; None where allowDeletes is not set.

    Raises:
        ConfigError: the value is not a whole number.
    """
    text = config.get("allowDeletes", "").strip()
    if not text:
        return None
    if not text.isdecimal():
        raise ConfigError(f'stack config {NAMESPACE}:allowDeletes must be a whole number, not "{text}"')
    return int(text)


def flag(config: Mapping[str, str], key: str) -> bool:
    """A value that is true or false; false where it is not set.

    Raises:
        ConfigError: it is neither.
    """
    text = config.get(key, "false").strip().lower()
    if text not in {"true", "false"}:
        raise ConfigError(f'stack config {NAMESPACE}:{key} must be true or false, not "{text}"')
    return text == "true"


def _required(config: Mapping[str, str], key: str) -> str:
    value = config.get(key, "").strip()
    if not value:
        raise ConfigError(
            f"stack config {NAMESPACE}:{key} is missing; set it with: pulumi config set {NAMESPACE}:{key} VALUE"
        )
    return value


def _text(config: Mapping[str, str], key: str) -> str | None:
    return config.get(key, "").strip() or None


def _signed(config: Mapping[str, str]) -> bool:
    text = config.get("gitVerify", "").strip().lower()
    if text not in {"", "off", "signed"}:
        raise ConfigError(f'stack config {NAMESPACE}:gitVerify must be signed or off, not "{text}"')
    return text == "signed"


@dataclass(frozen=True, slots=True)
class GitSettings:
    """The repository (URL or local path), branch and folder that hold the fabric, and how to reach and trust it.

    Folder "" is the root. `token_command` prints a token; files are paths; `ssh_key` is a private key's text.
    `signed` asks for a good signature on what is read: by SSH keys of `allowed_signers_file`, or GPG keys of
    `keyring_file`. `schemas_dir` is a folder of this machine with CRDs that judge what is read, None for the shipped ones.
    """

    url: str
    branch: str = "main"
    path: str = ""
    username: str = "git"
    token: str | None = field(default=None, repr=False)
    token_command: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    proxy: str | None = None
    proxy_password: str | None = field(default=None, repr=False)
    ssh_key: str | None = field(default=None, repr=False)
    ssh_key_file: str | None = None
    known_hosts_file: str | None = None
    signed: bool = False
    allowed_signers_file: str | None = None
    keyring_file: str | None = None
    schemas_dir: str | None = None

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> GitSettings:
        """Read the keys whose names start with git, and schemasDir.

        Raises:
            ConfigError: a value is missing or wrong, carries credentials, or goes with no other; the text names the key.
        """
        path = config.get("gitPath", "").strip().strip("/")
        if path == ".":
            path = ""
        if ".." in path.split("/"):
            raise ConfigError(f'stack config {NAMESPACE}:gitPath must stay inside the repository, not "{path}"')
        made = cls(
            url=checked_git_url(_required(config, "gitUrl")),
            branch=config.get("gitBranch", "").strip() or "main",
            path=path,
            username=config.get("gitUsername", "").strip() or "git",
            token=config.get("gitToken") or None,
            token_command=_text(config, "gitTokenCommand"),
            ca_file=_text(config, "gitCaFile"),
            proxy=checked_proxy(_text(config, "gitProxy")),
            proxy_password=config.get("gitProxyPassword") or None,
            ssh_key=config.get("gitSshKey") or None,
            ssh_key_file=_text(config, "gitSshKeyFile"),
            known_hosts_file=_text(config, "gitKnownHostsFile"),
            signed=_signed(config),
            allowed_signers_file=_text(config, "gitAllowedSignersFile"),
            keyring_file=_text(config, "gitKeyringFile"),
            schemas_dir=_text(config, "schemasDir"),
        )
        made._refuse_contradictions()
        return made

    def _refuse_contradictions(self) -> None:
        rules = (
            (self.token and self.token_command, "gitToken and hhsync:gitTokenCommand are both set; keep one"),
            (self.ssh_key and self.ssh_key_file, "gitSshKey and hhsync:gitSshKeyFile are both set; keep one"),
            (
                self.schemas_dir and not self.schemas_dir.startswith("/"),
                f'schemasDir must be an absolute path, since the program runs in another folder; it is "{self.schemas_dir}"',
            ),
            (
                self.proxy and not self.url.startswith(("http://", "https://")),
                "gitProxy is for http and https; for SSH put ProxyJump into your SSH configuration",
            ),
            (
                self.signed and not (self.allowed_signers_file or self.keyring_file),
                "gitVerify is signed, but nobody is trusted; name hhsync:gitAllowedSignersFile (SSH keys) or "
                "hhsync:gitKeyringFile (GPG keys)",
            ),
        )
        for broken, text in rules:
            if broken:
                raise ConfigError(f"stack config {NAMESPACE}:{text}")


@dataclass(frozen=True, slots=True)
class ClusterSettings:
    """How to reach the cluster: kubeconfig and context, or in-cluster, or URL with token and CA."""

    kubeconfig: str | None = None
    context: str | None = None
    in_cluster: bool = False
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    insecure: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> ClusterSettings:
        """Read kubeconfig, kubeContext, inCluster, clusterUrl, clusterToken, clusterCaFile and clusterInsecure.

        Raises:
            ConfigError: none of the three ways is named, or more than one.
        """
        kubeconfig = config.get("kubeconfig", "").strip() or None
        url = config.get("clusterUrl", "").strip() or None
        in_cluster = flag(config, "inCluster")
        ways = [bool(kubeconfig), bool(url), in_cluster].count(True)
        if ways != 1:
            found = "none is set" if ways == 0 else "more than one is set"
            raise ConfigError(
                f"stack config must name the cluster in exactly one way, {NAMESPACE}:kubeconfig, "
                f"{NAMESPACE}:clusterUrl or {NAMESPACE}:inCluster; {found}"
            )
        return cls(
            kubeconfig=kubeconfig,
            context=config.get("kubeContext", "").strip() or None,
            in_cluster=in_cluster,
            url=url,
            token=config.get("clusterToken") or None,
            ca_file=config.get("clusterCaFile", "").strip() or None,
            insecure=flag(config, "clusterInsecure"),
        )


@dataclass(frozen=True, slots=True)
class NetBoxSettings:
    """NetBox's base URL and a v2 token ("nbt_KEY.SECRET"; a v1 token is 40 hexadecimal digits)."""

    url: str
    token: str = field(repr=False)
    ca_file: str | None = None
    insecure: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> NetBoxSettings:
        """Read netboxUrl, netboxToken, netboxCaFile and netboxInsecure.

        Raises:
            ConfigError: the URL or the token is missing.
        """
        return cls(
            url=_required(config, "netboxUrl").rstrip("/"),
            token=_required(config, "netboxToken"),
            ca_file=config.get("netboxCaFile", "").strip() or None,
            insecure=flag(config, "netboxInsecure"),
        )
