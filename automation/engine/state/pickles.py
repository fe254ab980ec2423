"""Which class a dynamic resource's pickled provider is an instance of, found without unpickling. Pure.

A state file is input: unpickling runs whatever somebody wrote there. What this project's program stores is a pickle by
reference, an instance without attributes of a class that is named by its import path; nothing else is accepted.
"""

from __future__ import annotations

import base64
import binascii
import pickletools

_TEXTS = frozenset({"SHORT_BINUNICODE", "BINUNICODE", "UNICODE"})
_PLUMBING = frozenset({"PROTO", "FRAME", "MEMOIZE", "BINPUT", "PUT"})
_MADE = ["EMPTY_TUPLE", "NEWOBJ", "STOP"]
_SHAPES = (["TEXT", "TEXT", "STACK_GLOBAL", *_MADE], ["GLOBAL", *_MADE])

# Characters; one of ours has about 100.
_LONGEST = 4096


def referenced_class(text: str) -> str:
    """ "module.QualName" of the one class whose instance the pickle is; `text` is base64.

    Raises:
        ValueError: it is anything else: another opcode, a second class, arguments, or attributes.
    """
    if len(text) > _LONGEST:
        raise ValueError("it is longer than a reference to a class")
    try:
        data = base64.b64decode(text, validate=True)
        steps = [(opcode.name, argument, at) for opcode, argument, at in pickletools.genops(data)]
    except (binascii.Error, ValueError) as error:
        raise ValueError(f"it is no pickle: {error}") from None
    shape = ["TEXT" if name in _TEXTS else name for name, _, _ in steps if name not in _PLUMBING]
    texts = [str(argument) for name, argument, _ in steps if name in _TEXTS or name == "GLOBAL"]
    if shape not in _SHAPES:
        raise ValueError("it is not a plain reference to a class")
    if steps[-1][2] != len(data) - 1:
        raise ValueError("something follows it")
    return ".".join(texts).replace(" ", ".")
