"""Real NetBox, Kubernetes API servers and Git, started on loopback for demo and tests."""
