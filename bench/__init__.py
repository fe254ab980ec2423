"""The benchmark: hhsync on a generated fabric, beside what the servers' own tools need for the same manifests."""
