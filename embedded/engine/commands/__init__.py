"""The commands, one function each: `handler(shell, line) -> exit code`. `grammar` says what each may be given."""
