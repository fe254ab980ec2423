"""Everything that knows the Pulumi CLI: stacks, config, locks, and runs with a program and provider of this process.

May import providers, gitops and program's patches of the SDK; never a verb: it knows no plan, no report and no page.
`state` decides what a state may hold.
"""
