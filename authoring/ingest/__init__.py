"""raw/ → managed/: what people drop into a fabric's folder becomes one file a CR, as one commit.

`read` and `plan` are pure: a folder's content in, a plan out. May import the other modules of authoring, but none of edits,
which know nothing of raw/.
"""
