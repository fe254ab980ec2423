"""Edits become commits: ingestion of raw/, changes of CRs in Git, and the commits that carry them.

Pure: `nodes`, `scalar_text`, `comments`, `render`, `edit`, `paths`, `timestamps`, `layout`, `folder`, `changes`, `conflict`,
`ingest_*`, `promotion`. I/O: `repository` (git plumbing on the bare mirror), `write` (plan, commit, push, count), `forge`.
"""
