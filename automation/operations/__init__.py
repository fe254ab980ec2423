"""What hhsync does to a fabric, one module a verb: each is a function of a run context (automation.context).

May import the context, execution, editing, the engine and providers; must not know how a result is shown, but for the JSON
of a plan's file.
"""
