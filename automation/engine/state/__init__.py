"""What a stack's state holds of a fabric, and which entries hhsync works with.

`trust`, `trust_rules`, `pickles`, `deployment` and `urns` are pure and unpickle nothing; `recorded` asks the CLI for the
state. May import providers; must not know a plan or a verb.
"""
