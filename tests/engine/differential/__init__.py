"""One scenario on both engines: the embedded one, and the real Pulumi CLI where HHSYNC_PULUMI names one."""
