"""The servers of demo and tests, the emulator of Hedgehog's webhooks, and the language host for plain Pulumi.

May import hedgehog and the standard library; what each part needs more is its own. Must not know hhsync.
"""
