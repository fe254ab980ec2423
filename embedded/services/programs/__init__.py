"""The programs that set-up finds, installs or builds: Debian's packages, Go programs, the Pulumi CLI.

Standard library alone: it runs before the project is installed. Must not know what the programs are used for.
"""
