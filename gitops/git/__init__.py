"""The git program: access, the bare mirror, a commit's files, who changed them last, and signatures.

May import the cache's store, the settings and the errors. Must not know YAML or CRs.
"""
