"""What earlier runs found out about the same bytes, kept in one file of the cache folder.

Losing it costs time and nothing else. May import gitops' values; must not know how Git is reached.
"""
