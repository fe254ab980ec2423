"""Scripts over the Automation API, and the `hhsync` command."""
