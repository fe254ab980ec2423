"""Fabrics to try hhsync on: two written by hand (`fabric-1`, `fabric-2`) and `generate`, for any size."""
