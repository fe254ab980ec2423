"""A stack's beginning and end: `init` with its tests of each connection, the embedded servers, uninstall.

May import authoring (the scaffold), the engine, program.config and the targets. Must not know a plan.
"""
