"""Readers: one file per input format; `base` has the contract."""
