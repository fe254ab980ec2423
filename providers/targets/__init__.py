"""The systems that hhsync talks to, a folder each: cluster, netbox; and the forges for pull requests.

May import providers.core, the settings and the errors. The targets do not know each other, Pulumi or Git.
"""
