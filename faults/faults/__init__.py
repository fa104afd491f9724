"""Fault runs: load through the public APIs, one fault, quiet, then the checker."""
