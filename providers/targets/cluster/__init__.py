"""The Kubernetes API server: credentials, the 12 kinds' paths, objects, and one LIST a kind and run.

May import providers.targets.http and the core. Must not know NetBox or what a CR should be.
"""
