"""What is no longer needed goes back to the system: tables that are gone, code that only starting has used."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs.memory import _unchanged_code, own_bytes

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


START = """
import re
import pandas as pd
import pyarrow
import sklearn.ensemble
from core.jobs.memory import let_go_of_start

def held():
    status = open("/proc/self/status").read()
    return [int(re.search(rf"Rss{what}:\\s+(\\d+)", status)[1]) // 1024 for what in ("File", "Anon")]

before = held()
let_go_of_start()
after = held()
assert pd.DataFrame({"a": [1, 2]}).groupby("a").size().sum() == 2
sklearn.ensemble.RandomForestRegressor(2).fit([[1], [2]], [1, 2])
print(*before, *after)
"""


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="Linux alone tells what is mapped")
def test_code_that_only_starting_has_used_is_let_go_of_and_still_works():
    done = subprocess.run([sys.executable, "-c", START], capture_output=True, text=True, check=True, cwd=ROOT)
    file, anonymous, file_after, anonymous_after = map(int, done.stdout.split())
    assert file_after < file / 2
    # What a process has made itself is nowhere else.
    assert not anonymous_after < anonymous - 1


SMAPS = """\
1000-2000 r-xp 00000000 08:01 42 /lib/code.so
Rss: 4 kB
Anonymous: 0 kB
2000-3000 r--p 00001000 08:01 42 /lib/code.so (deleted)
Anonymous: 4 kB
3000-4000 rw-p 00002000 08:01 42 /lib/code.so
Anonymous: 0 kB
4000-5000 r--p 00000000 00:00 0
Anonymous: 0 kB
5000-6000 r-xp 00000000 00:00 0 [vdso]
Anonymous: 0 kB
6000-7000 r--s 00000000 08:01 42 /with a space.so
Anonymous: 0 kB
"""


def test_nothing_is_let_go_of_that_is_not_as_it_is_in_its_file():
    assert _unchanged_code(SMAPS) == [(0x1000, 0x2000), (0x6000, 0x7000)]


HOLDS = """
import os
import numpy as np
from core.jobs.memory import own_bytes

before = own_bytes(os.getpid())
made = np.ones(2**23)
print(before, own_bytes(os.getpid()), made.nbytes)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="other systems do not tell what is shared")
def test_what_a_process_holds_of_its_own_grows_with_what_it_makes():
    # A process of its own: what this one holds depends on the tests before.
    told = subprocess.run([sys.executable, "-c", HOLDS], capture_output=True, text=True, check=True, cwd=ROOT)
    before, after, made = map(int, told.stdout.split())
    assert after - before == pytest.approx(made, rel=0.1)
    assert before < 2**30


def test_a_process_that_is_gone_holds_nothing():
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    assert own_bytes(child.pid) == 0
