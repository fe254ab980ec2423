"""How the desired state is made true and observed: the dynamic provider, its pure core and its two targets.

May import the Pulumi SDK in `resources` and the lifecycles alone. Must not know Git, a verb or a report. LOAD-BEARING:
stacks store the import paths `providers.lifecycle` and `providers.fabric_lifecycle`.
"""
