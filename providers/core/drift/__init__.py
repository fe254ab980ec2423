"""Desired × recorded × observed → the state of each CR, its differences, and the report.

May import the rest of the core but planning and rules. Must not know what a sync does about it, but for the action's name.
"""
