"""One module for each kind or theme: what is filled in, what is refused. Pure.

May import embedded.webhooks' values (subject, specs, networks, labels) and hedgehog. Must not know the server.
"""
