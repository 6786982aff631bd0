"""Hypothesis: no deadlines, since tests assert no times; in CI its own profile stays, which always draws the same."""

import os

from hypothesis import settings

if not os.environ.get("CI"):
    settings.register_profile("without deadlines", deadline=None)
    settings.load_profile("without deadlines")
