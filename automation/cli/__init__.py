"""The `hhsync` command: arguments in, exit code and text out. One module a family of verbs.

May import everything of automation, each verb lazily, since the command must start in a tenth of a second. Nothing may
import it; `terminal` alone writes to stdout and stderr.
"""
