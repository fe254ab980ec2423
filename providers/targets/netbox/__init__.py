"""NetBox: custom object types, records in bulk, and one LIST a kind and run.

May import providers.targets.http and the core. Must not know the cluster or what a record should be.
"""
