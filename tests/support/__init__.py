"""What several test modules build on; no test is here."""
