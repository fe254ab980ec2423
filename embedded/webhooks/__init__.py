"""An emulator of the admission webhooks and the controller of a Hedgehog fabric, for the demo and the tests.

The rules are those of githedgehog/fabric v0.126, its bugs included. `rules/` and what it uses are pure; the server and the
controller around them talk to one fabric's API server. May import hedgehog; must not know hhsync.
"""
