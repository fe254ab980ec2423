"""Hedgehog's 12 CustomResourceDefinitions as package data, one file `<plural>.<group>.yaml` per kind.

The schemas validate, default and prune as those of githedgehog/fabric v0.126 do; the descriptions are ours.
"""
