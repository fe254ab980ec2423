"""Everything that knows the Pulumi CLI: stacks, config, the state, locks, and runs with a program and provider of our own.

It may import `providers` and `program`, never a verb: it knows no plan, no report and no page. Only `trust`, `pickles`
and `state`'s reading of a deployment decide what a state may hold, and they do no I/O.
"""
