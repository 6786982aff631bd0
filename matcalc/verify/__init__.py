"""The check: generated code held against numeric differentiation at general points."""
