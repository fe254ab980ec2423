"""Edits become commits: ingestion of raw/, changes of CRs in Git, and the commits that carry them.

Text: `nodes`, `splice`, `edit`, `scalar_text`, `render`, `comments`, `normalise`, `paths`, `timestamps`. Folders and plans:
`layout`, `folder`, `files`, `changes`, `conflict`, `judge`, `ingest_books`, `ingest_read`, `ingest_plan`, `promotion`, `forge`,
`edit_result`. These are pure. I/O: `repository` (git plumbing on the bare mirror), `write` (plan, commit, push, count), and
what is made of them: `ingest`, `edits`, `reverting`, `scaffold`.
"""
