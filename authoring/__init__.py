"""Write to Git: edits of CRs, the ingestion of raw/, and the commits and pull requests that carry them.

May import gitops and providers.core. Must not know Pulumi, a server or how a result is shown; what changes text or plans is
pure, and only `repository` and `write` run git.
"""
