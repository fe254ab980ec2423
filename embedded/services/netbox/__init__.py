"""NetBox with PostgreSQL and Redis: its environment, its database, and the server.

`setup` runs with the standard library alone, before the project is installed. Must not know hhsync.
"""
