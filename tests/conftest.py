"""Hypothesis: no deadlines, since tests assert no times; in CI its own profile stays, which always draws the same.

What notes keep between runs goes to a folder of the test run, never to the user's.
"""

import atexit
import os
import shutil
import tempfile

from hypothesis import settings

os.environ["MATCALC_CACHE"] = tempfile.mkdtemp(prefix="matcalc-cache-")
atexit.register(shutil.rmtree, os.environ["MATCALC_CACHE"], ignore_errors=True)

if not os.environ.get("CI"):
    settings.register_profile("without deadlines", deadline=None)
    settings.load_profile("without deadlines")
