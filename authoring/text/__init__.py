"""YAML text → YAML text: changes that keep comments, order and quotes of everything they do not touch.

Pure: values and text in, text out. May import gitops.scalars (what a scalar means to Kubernetes) and field paths; must not
know CRs, files or Git.
"""
