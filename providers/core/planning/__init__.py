"""Drift → one plan: actions, order, the delete-first phase, the prune rule.

May import all of the core. Must not know how a plan is carried out.
"""
