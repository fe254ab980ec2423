"""The two systems that hhsync writes to. One module owns each of them."""
