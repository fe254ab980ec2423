"""The verbs of `hhsync`: arguments → operation → text or JSON → exit code. No logic; heavy imports wait for their verb."""
