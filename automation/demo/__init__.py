"""`hhsync demo`: the whole job on the embedded servers, each step proved by figures from the servers.

May import automation and embedded. Nothing but the command imports it.
"""
