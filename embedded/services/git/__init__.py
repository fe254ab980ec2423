"""A Git server over HTTP, HTTPS and SSH on loopback, with users, for demo and tests.

`http` and `shell` run as scripts, isolated, with the standard library alone. Must not know hhsync.
"""
