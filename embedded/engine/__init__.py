"""A Pulumi-compatible engine in Python; docs/engine.md says what it keeps and what it refuses."""
