"""A kube-apiserver with etcd for each fabric, its accounts, CRDs, and the webhooks' emulator in front of it.

May import embedded.services and embedded.webhooks' registration. Must not know hhsync.
"""
