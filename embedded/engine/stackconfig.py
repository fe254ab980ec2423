"""Pulumi.<stack>.yaml: a stack's configuration and encryption salt, read and changed in place (engine-contract §5.5).

The rest of the file, unknown keys and comments included, stays as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import configmap, yaml_edit, yaml_text
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.files import write_atomic

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.engine.configmap import ConfigValue


class StackConfig:
    """The content of one stack file. Changes are made in memory; `save` writes them."""

    def __init__(self, path: Path, project: str, text: str = "") -> None:
        self.path = path
        self._project = project
        self._saved = text
        self._text = text
        self._read()

    @classmethod
    def load(cls, path: Path, project: str) -> StackConfig:
        """Read the file; a missing one is an empty configuration. Raises EngineError for anything unreadable."""
        try:
            return cls(path, project, path.read_text(encoding="utf-8-sig"))
        except FileNotFoundError:
            return cls(path, project)
        except (OSError, UnicodeDecodeError) as error:
            raise EngineError(f"could not read {path}: {error}") from None

    def _read(self) -> None:
        raw = yaml_text.load(self._text, str(self.path)) or {}
        if not isinstance(raw, dict) or not isinstance(raw.get("config") or {}, dict):
            raise EngineError(f"could not read {self.path}: expected a mapping with the key config, itself a mapping")
        if raw.get("environment"):
            raise NotSupported(f"`environment` in {self.path} (Pulumi ESC)", "move its values to `config`")
        for key in ("secretsprovider", "encryptedkey"):
            if raw.get(key) and raw[key] not in ("passphrase", "default"):
                raise NotSupported(f"`{key}` in {self.path}", "use the passphrase secrets provider")
        self._raw: dict[str, Any] = raw
        self._written: dict[str, str] = {}
        self._config: dict[str, ConfigValue] = {}
        for written, value in (raw.get("config") or {}).items():
            key = configmap.parse_key(str(written), self._project)
            self._written[key] = str(written)
            self._config[key] = configmap.from_plain(value)

    @property
    def salt(self) -> str:
        """`encryptionsalt`, or empty."""
        return str(self._raw.get("encryptionsalt") or "")

    @property
    def config(self) -> dict[str, ConfigValue]:
        """`namespace:key` -> value, as written in the file."""
        return dict(self._config)

    @property
    def exists(self) -> bool:
        """Whether the file is there, or has been given content."""
        return bool(self._text) or self.path.exists()

    def set_salt(self, salt: str) -> None:
        """Put `encryptionsalt` in, as the first key when it is new."""
        self._change(yaml_edit.set_entry(self._text, ("encryptionsalt",), salt, first=True))

    def set(self, key: str, value: ConfigValue) -> None:
        """Put one `namespace:key` in, or change it."""
        written = self._written.get(key, key)
        self._change(yaml_edit.set_entry(self._text, ("config", written), configmap.to_plain(value)))

    def remove(self, key: str) -> None:
        """Take one `namespace:key` out; nothing happens when it is not there."""
        if key in self._written:
            self._change(yaml_edit.remove_entry(self._text, ("config", self._written[key])))

    def replace(self, config: dict[str, ConfigValue]) -> None:
        """Make the configuration exactly this."""
        for key in set(self._config) - set(config):
            self.remove(key)
        for key, value in config.items():
            if key not in self._config or self._config[key] != value:
                self.set(key, value)

    def _change(self, text: str) -> None:
        self._text = text
        self._read()

    def save(self) -> None:
        """Write the file when something was changed."""
        if self._text != self._saved:
            mode = None if self.path.exists() else 0o644
            write_atomic(self.path, self._text.encode(), mode)
            self._saved = self._text
