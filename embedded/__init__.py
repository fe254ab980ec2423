"""The parts hhsync brings along: a Pulumi-compatible engine and real services for demo and tests."""
