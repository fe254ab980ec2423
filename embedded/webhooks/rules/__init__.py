"""One module for each kind or theme: what is filled in, what is refused. Pure."""
