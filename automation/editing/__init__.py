"""Changes of a fabric's CRs in Git, for the command and for scripts: edits, batches, promotion, ingestion.

May import authoring, gitops, the engine (for config and state) and results. Must not know the plan of a sync.
"""
