"""What should be true: from a Git commit to declared Pulumi resources."""
