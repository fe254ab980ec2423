"""What a failed program says, without the frames of the runtime around it. Pure."""

from __future__ import annotations

import re

_FRAME = re.compile(r'^  File "(?P<path>[^"]+)", line \d+')
_RUNTIME = re.compile(
    r"[/\\](?:site-packages|dist-packages)[/\\]pulumi[/\\]|[/\\]lib[/\\]python[\d.]+[/\\](?!site-|dist-)"
)


def user_frames(message: str) -> str:
    """The message with every traceback cut to the program's own frames; other text stays as it is.

    A traceback in which no frame is the program's own stays whole.
    """
    if "Traceback (most recent call last)" not in message:
        return message
    lines = message.split("\n")
    kept: list[str] = []
    own = dropped = False
    skipping = False
    for line in lines:
        frame = _FRAME.match(line)
        if frame is not None:
            skipping = bool(_RUNTIME.search(frame["path"])) or frame["path"].startswith("<frozen")
            own, dropped = own or not skipping, dropped or skipping
        elif not line.startswith("    "):
            skipping = False
        if not skipping:
            kept.append(line)
    return "\n".join(kept) if own and dropped else message
