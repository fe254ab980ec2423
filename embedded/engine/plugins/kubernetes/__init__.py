"""The package `kubernetes`: objects of a Kubernetes API server as resources, by server-side apply."""
