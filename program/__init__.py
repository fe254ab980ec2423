"""Pulumi's entry point: config → desired state → resources, for plain `pulumi` and for `hhsync sync`.

May import gitops and providers. Must not know a verb of hhsync, a plan's execution or the CLI.
"""
