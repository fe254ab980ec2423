"""One existing stack: its project, backend, configuration, secrets and state, opened together.

Reading folds in the journal of a killed run in memory; `recover` does it on disk, under the stack's lock.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.engine import checkpoint, configmap, integrity, journal_file, urns
from embedded.engine.errors import DamagedState, EngineError, IntegrityError, NotSupported, ProjectNotFound, StateError
from embedded.engine.journal_file import digest
from embedded.engine.secrets import Cipher, new_salt
from embedded.engine.stackconfig import StackConfig

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from embedded.engine.backend import Backend, StackRef
    from embedded.engine.checkpoint import Document, Seal, Unseal
    from embedded.engine.configmap import ConfigValue
    from embedded.engine.project import Project
    from embedded.engine.state import Snapshot

_ATTEMPTS = 20
ROOT_TYPE = "pulumi:pulumi:Stack"


@dataclass(slots=True)
class Stack:
    """A stack that exists in the backend. `warn` is told, one line each, what a person should know."""

    backend: Backend
    ref: StackRef
    env: Mapping[str, str]
    warn: Callable[[str], None]
    cwd: Path
    project: Project | None = None
    config_path: Path | None = None
    """`--config-file`; None: the project's file for this stack."""
    _config: StackConfig | None = None
    _ciphers: dict[str, Cipher] = field(default_factory=dict)

    def require_project(self) -> Project:
        """The project of this stack. Raises ProjectNotFound outside one, EngineError inside another one."""
        if self.project is None:
            raise ProjectNotFound(self.cwd)
        if self.project.name != self.ref.project:
            raise EngineError(
                f"provided project name {self.ref.project!r} doesn't match {self.project.path} ({self.project.name!r})"
            )
        return self.project

    # -- configuration

    @property
    def config(self) -> StackConfig:
        """The stack file, read once."""
        if self._config is None:
            project = self.require_project()
            path = self.config_path or project.stack_file(self.ref.name)
            self._config = StackConfig.load(path, project.name)
        return self._config

    def merged_config(self) -> dict[str, ConfigValue]:
        """The stack file's configuration with Pulumi.yaml's defaults under it."""
        merged = self.config.config
        for key, default in self.require_project().config_defaults.items():
            top, path = configmap.split_path(key)
            if top not in merged or not configmap.get(merged[top], path)[0]:
                merged[top] = configmap.put(merged.get(top), path, configmap.from_plain(default))
        return merged

    def require_config(self, merged: Mapping[str, ConfigValue]) -> None:
        """Raises EngineError when a key that Pulumi.yaml demands is not set."""
        project = self.require_project()
        missing = [
            key
            for key in project.config_required
            if not _has(merged, configmap.parse_key(key, project.name, path=True))
        ]
        if missing:
            keys = ", ".join(f"'{key}'" for key in missing)
            raise EngineError(
                f"Stack '{self.ref.name}' is missing configuration value(s) {keys}; set with `config set`"
            )

    # -- secrets

    def cipher(self, salt: str) -> Cipher:
        """The cipher for a salt; one per salt, so that ciphertexts are reused."""
        return self._ciphers.setdefault(salt, Cipher(salt, self.env))

    def adopt_cipher(self, cipher: Cipher) -> None:
        """Use this cipher, whose passphrase need not be that of the environment, for its salt."""
        self._ciphers[cipher.salt] = cipher

    def known_salt(self) -> str:
        """The salt of the stack file, else that of the state, else empty."""
        return self.config.salt or self.state_salt()

    def config_cipher(self, *, create: bool = False) -> Cipher:
        """The cipher of the configuration: that of the known salt or, with `create`, of a new one.

        The stack file then has the salt, but is not saved yet. Raises PassphraseError, or EngineError without a salt.
        """
        salt = self.known_salt()
        if not salt and not create:
            raise EngineError(f"stack '{self.ref.name}' has no encryption salt, so nothing can be decrypted")
        salt = salt or new_salt(self.env)
        if salt != self.config.salt:
            self.config.set_salt(salt)
        return self.cipher(salt)

    def unseal(self, salt: str) -> Unseal:
        """How secrets made with this salt are opened."""
        return self.cipher(salt).decrypt if salt else _no_secrets

    def seal(self, snapshot: Snapshot) -> Seal:
        """How the secrets of a state to be written are sealed."""
        salt = ((snapshot.secrets_provider or {}).get("state") or {}).get("salt")
        if not salt:
            return _cannot_seal
        cipher = self.cipher(str(salt))
        return lambda text, place: {"ciphertext": cipher.encrypt(text, place)}

    def state_salt(self) -> str:
        """The salt of the state, or empty."""
        return _state_salt(self.document()[1])

    # -- state

    def document(self) -> tuple[bytes, Document]:
        """The state file: its content, and taken apart. Raises StackNotFound or StateError."""
        try:
            data = self.backend.read(self.ref)
            return data, checkpoint.parse(data)
        except DamagedState as error:
            raise self._damaged(error) from None
        except StateError as error:
            raise StateError(f"{self.backend.state_path(self.ref)}: {error}") from None

    def _damaged(self, error: DamagedState) -> StateError:
        """The error with the way back: the newest copy that can be read."""
        path = self.backend.state_path(self.ref)
        copy = self.backend.usable_copy(self.ref, _is_state)
        remedy = (
            f"copy {copy} over it, then run `pulumi refresh`"
            if copy
            else "there is no usable copy of it; `pulumi stack import` takes an export from elsewhere"
        )
        return StateError(f"{path} is damaged: {error}; nothing was changed; to go on, {remedy}")

    def state(self, open_salt: Callable[[str], Unseal] | None = None) -> tuple[bytes, Snapshot]:
        """(the state file, what it says with the journal of a killed or running run folded in). Nothing is written.

        `open_salt` replaces the way secrets are opened. Raises StateError when the state cannot be used.
        """
        opener = open_salt or self.unseal
        for attempt in range(_ATTEMPTS):
            data, document = self.document()
            base = self._load(document, opener)
            try:
                fold = journal_file.recover(self.backend.journal_path(self.ref), data, base, opener)
            except StateError:
                # A run that saves right now replaces both files, one after the other: look again.
                if attempt == _ATTEMPTS - 1:
                    raise
                time.sleep(0.05)
                continue
            return data, self._sound(base) if fold is None else self._sound_fold(fold.snapshot())
        raise AssertionError("unreachable")

    def _load(self, document: Document, opener: Callable[[str], Unseal]) -> Snapshot:
        try:
            snapshot = checkpoint.load(document, opener(_state_salt(document)))
            strange = next((entry.urn for entry in snapshot.resources if not urns.is_urn(entry.urn)), None)
            if strange is not None:
                raise DamagedState(f"a resource has {strange!r} for a URN")
            return snapshot
        except DamagedState as error:
            raise self._damaged(error) from None
        except (KeyError, TypeError, AttributeError) as error:  # whatever stands where something else should
            raise self._damaged(DamagedState(f"an entry is malformed ({type(error).__name__}: {error})")) from None

    def _sound(self, snapshot: Snapshot) -> Snapshot:
        try:
            integrity.check(snapshot.resources)
        except IntegrityError as error:
            raise IntegrityError(f"{self.backend.state_path(self.ref)} cannot be used: {error}") from None
        return snapshot

    def _sound_fold(self, snapshot: Snapshot) -> Snapshot:
        try:
            integrity.prune(snapshot.resources)
            snapshot.resources = integrity.sort(snapshot.resources)
            integrity.check(snapshot.resources)
        except IntegrityError as error:
            raise IntegrityError(f"{self.backend.journal_path(self.ref)} cannot be folded in: {error}") from None
        return snapshot

    def root_outputs(self, open_salt: Callable[[str], Unseal] | None = None) -> dict[str, Any]:
        """The outputs of the stack resource; without a journal nothing else is read. See `state` for `open_salt`."""
        opener = open_salt or self.unseal
        if self.backend.journal_path(self.ref).exists():
            resources = self.state(opener)[1].resources
            return next((resource.outputs for resource in resources if resource.type == ROOT_TYPE), {})
        _, document = self.document()
        for entry in document.resources:
            if entry.get("type") == ROOT_TYPE:
                return checkpoint.decode_resource(entry, opener(_state_salt(document))).outputs
        return {}

    def recover(self) -> None:
        """Fold the journal of a killed run into the state file and remove it. Call it under the lock."""
        path = self.backend.journal_path(self.ref)
        if not path.exists():
            return
        data, document = self.document()
        base = self._load(document, self.unseal)
        fold = journal_file.recover(path, data, base, self.unseal)
        if fold is not None:
            snapshot = fold.snapshot()
            for line in integrity.prune(snapshot.resources):
                self.warn(f"warning: {line}, which the killed run had not reached")
            self.save(self._sound_fold(snapshot), lambda state: journal_file.note_saving(path, state))
            self.warn(f"warning: recovered the state of a run that was killed ({len(fold.open)} operations unfinished)")
        path.unlink(missing_ok=True)

    def save(self, snapshot: Snapshot, note: Callable[[str], None] | None = None) -> bytes:
        """Sort, check and write a state. Returns the file's content. Raises IntegrityError before anything is
        written. `note` is told the digest of what is about to be written."""
        snapshot.resources = integrity.sort(snapshot.resources)
        integrity.check(snapshot.resources)
        data = checkpoint.dump(snapshot, self.ref.qualified, self.seal(snapshot))
        if note is not None:
            note(digest(data))
        self.backend.write(self.ref, data)
        return data


def _is_state(data: bytes) -> bool:
    try:
        return checkpoint.parse(data).deployment is not None
    except StateError:
        return False


def _state_salt(document: Document) -> str:
    """The salt of a state, or empty. Raises NotSupported for another secrets provider."""
    provider = document.secrets_provider
    if not provider or not provider.get("type"):
        return ""
    if provider["type"] != "passphrase":
        raise NotSupported(f"the secrets provider {provider['type']!r} of the state", "change it to passphrase")
    return str((provider.get("state") or {}).get("salt") or "")


def _has(config: Mapping[str, ConfigValue], key: str) -> bool:
    top, path = configmap.split_path(key)
    return top in config and configmap.get(config[top], path)[0]


def _no_secrets(_ciphertext: str, place: str) -> str:
    raise IntegrityError(f"the state has a secret at {place} but names no secrets provider")


def _cannot_seal(_text: str, place: str) -> Mapping[str, str]:
    raise IntegrityError(f"a secret at {place} cannot be stored: the stack has no secrets provider")
