"""Read a fabric from Git: access, files, documents, CRs, and the desired state with every finding.

May import providers.core, the settings and the errors. Must not know Pulumi, the servers' clients or how a CR is written;
`git` alone runs git, and what makes values of bytes is pure.
"""
