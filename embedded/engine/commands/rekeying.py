"""`stack change-secrets-provider passphrase`: every secret of a stack under a new passphrase.

State and configuration each name their own salt. The state is written first; when the configuration cannot be, the
former state comes back, and a process that is killed in between leaves it as `.bak`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine import configmap
from embedded.engine.configmap import Secure
from embedded.engine.errors import BadInvocation, EngineError, NotSupported
from embedded.engine.journal_file import provider
from embedded.engine.locks import StackLock
from embedded.engine.secrets import PHRASE, PHRASE_FILE, Cipher, new_salt

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.arguments import Invocation
    from embedded.engine.configmap import ConfigValue
    from embedded.engine.shell import Shell
    from embedded.engine.stack import Stack


def change_secrets_provider(shell: Shell, line: Invocation) -> int:
    """Re-encrypt state and configuration. The old passphrase comes from the environment, the new one is asked for.

    Without a terminal the new one is the first line of standard input.
    """
    wanted = line.args[0]
    if wanted not in ("passphrase", "default"):
        raise NotSupported(f"the secrets provider {wanted.partition(':')[0]!r}", "it has passphrase only")
    stack = shell.stack(line)
    stack.require_project()
    if stack.known_salt():
        stack.config_cipher().unlock()
    cipher = _new_cipher(shell)
    shell.out("Migrating old configuration and state to new secrets provider")
    with StackLock(stack.backend.lock_folder(stack.ref), shell.err):
        stack.recover()
        before = stack.backend.read(stack.ref)
        _, snapshot = stack.state()
        config = _again(stack, cipher)
        snapshot.secrets_provider = provider(cipher.salt)
        stack.adopt_cipher(cipher)
        stack.save(snapshot)
        try:
            stack.config.set_salt(cipher.salt)
            stack.config.replace(config)
            stack.config.save()
        except (EngineError, OSError):
            stack.backend.write(stack.ref, before)
            raise
    return 0


def _new_cipher(shell: Shell) -> Cipher:
    phrase = shell.ask_secret("Enter your new passphrase to protect config/secrets", "the new passphrase")
    if phrase is None:
        raise BadInvocation("no new passphrase was given: pass it as the first line of standard input")
    env = {key: value for key, value in shell.env.items() if key != PHRASE_FILE} | {PHRASE: phrase}
    return Cipher(new_salt(env), env)


def _again(stack: Stack, cipher: Cipher) -> dict[str, ConfigValue]:
    """The stack file's configuration with every secret encrypted anew."""
    config = stack.config.config
    if not any(configmap.is_secure(value) for value in config.values()):
        return config
    old = stack.config_cipher()
    return {key: _value(value, lambda text: cipher.encrypt(old.decrypt(text))) for key, value in config.items()}


def _value(value: ConfigValue, convert: Callable[[str], str]) -> ConfigValue:
    match value:
        case Secure(ciphertext):
            return Secure(convert(ciphertext))
        case dict():
            return {key: _value(item, convert) for key, item in value.items()}
        case list():
            return [_value(item, convert) for item in value]
        case _:
            return value
