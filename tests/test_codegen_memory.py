"""Where arrays have their memory once a function was compiled."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

PLACE = """
import numpy as np
import matcalc as mc

def on_heap():
    at = np.empty(2_000_000).ctypes.data
    with open("/proc/self/maps") as maps:
        spans = [line.split()[0].split("-") for line in maps if "[heap]" in line]
    return any(int(first, 16) <= at < int(last, 16) for first, last in spans)

before = on_heap()
mc.compile("s = x.T@x", "x")
print(before, on_heap())
"""


@pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc" or not Path("/proc/self/maps").exists(), reason="asks the GNU C library on Linux"
)
@pytest.mark.parametrize(("settings", "expected"), [({}, "True"), ({"MALLOC_MMAP_THRESHOLD_": "131072"}, "False")])
def test_large_arrays_come_from_memory_that_stays(settings: dict[str, str], expected: str) -> None:
    environment = {key: text for key, text in os.environ.items() if not key.startswith("MALLOC_")}
    run = subprocess.run(
        [sys.executable, "-c", PLACE], env={**environment, **settings}, capture_output=True, text=True, check=True
    )
    assert run.stdout.split()[-1] == expected, run.stdout
