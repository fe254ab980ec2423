"""The package `command`: commands on this machine as resources."""
