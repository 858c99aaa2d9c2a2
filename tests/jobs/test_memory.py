"""Memory of a table that is gone goes back to the system, so that uploads do not add up."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import re
import numpy as np
from core.jobs.memory import give_back, keep_little

def held():
    return int(re.search(r"VmRSS:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024

keep_little()
np.ones(2**17)  # by default the size of what goes back at once rises with the first that does
before = held()
tables, small = [], []
for _ in range(100):
    tables.append(np.ones(2**17))
    small.append(np.ones(500))
full = held()
del tables
give_back()
print(full - before, held() - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the limits are those of the GNU C library")
def test_what_is_freed_between_small_things_goes_back():
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    full, left = map(int, done.stdout.split())
    assert full >= 95
    assert not left > 20
