"""Carries a plan out: an engine run with the providers of this process, and what the servers answered to it.

May import the context, the engine, program and providers. Decides nothing: what is written is in the plan.
"""
