"""How the wanted state is made true and observed: the dynamic provider, its pure core and its two targets."""
