"""What is granted is the least of what the machine has and what each group around the process allows."""

import os
from pathlib import Path

import pytest

from core.machine import memory_bytes, memory_kills, processors

MB = 2**20


def machine(root: Path, groups: str, **files: str) -> Path:
    """Write a machine with 8 GB; `files` by their path below /sys/fs/cgroup, with ``__`` for a slash."""
    texts = {"proc/meminfo": f"MemTotal: {8192 * 1024} kB\nMemFree: 1 kB\n", "proc/self/cgroup": groups}
    texts |= {f"sys/fs/cgroup/{name.replace('__', '/')}": text for name, text in files.items()}
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@pytest.fixture(autouse=True)
def _eight_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(8)), raising=False)


def test_without_limits_the_whole_machine_is_granted(tmp_path: Path) -> None:
    bare = machine(tmp_path, "0::/\n", **{"memory.max": "max\n", "cpu.max": "max 100000\n"})
    assert (memory_bytes(bare), processors(bare)) == (8192 * MB, 8)


def test_a_container_is_granted_what_its_group_allows(tmp_path: Path) -> None:
    small = machine(tmp_path, "0::/\n", **{"memory.max": f"{1024 * MB}\n", "cpu.max": "150000 100000\n"})
    assert (memory_bytes(small), processors(small)) == (1024 * MB, 2)


def test_the_tightest_of_the_groups_around_a_process_counts(tmp_path: Path) -> None:
    nested = machine(
        tmp_path, "0::/team/lab\n",
        **{
            "team__lab__memory.max": "max\n", "team__memory.max": f"{2048 * MB}\n", "other__memory.max": f"{MB}\n",
            "team__lab__cpu.max": "max 100000\n", "team__cpu.max": "10000 100000\n", "other__cpu.max": "1 100000\n",
        },
    )  # fmt: skip
    assert (memory_bytes(nested), processors(nested)) == (2048 * MB, 1)


def test_version_1_has_a_tree_for_each_kind(tmp_path: Path) -> None:
    old = machine(
        tmp_path, "5:cpu,cpuacct:/docker/abc\n4:memory:/docker/abc\n0::/\n",
        **{
            # Inside a container the tree begins at its own group, though the path names the host's.
            "memory__memory.limit_in_bytes": f"{512 * MB}\n", "cpuset__memory.limit_in_bytes": f"{MB}\n",
            "cpu,cpuacct__cpu.cfs_quota_us": "300000\n", "cpu,cpuacct__cpu.cfs_period_us": "100000\n",
        },
    )  # fmt: skip
    assert (memory_bytes(old), processors(old)) == (512 * MB, 3)


def test_version_1_without_limits_says_so_in_its_own_way(tmp_path: Path) -> None:
    old = machine(
        tmp_path, "5:cpu:/\n4:memory:/\n",
        **{
            "memory__memory.limit_in_bytes": "9223372036854771712\n",
            "cpu__cpu.cfs_quota_us": "-1\n", "cpu__cpu.cfs_period_us": "100000\n",
        },
    )  # fmt: skip
    assert (memory_bytes(old), processors(old)) == (8192 * MB, 8)


def test_a_quota_grants_no_more_than_the_process_is_bound_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {3})
    assert processors(machine(tmp_path, "0::/\n", **{"cpu.max": "400000 100000\n"})) == 1


def test_a_system_without_such_files_is_asked_itself(tmp_path: Path) -> None:
    assert memory_bytes(tmp_path) == os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert (processors(tmp_path), memory_kills(tmp_path)) == (8, 0)


def test_kills_for_want_of_memory_are_counted(tmp_path: Path) -> None:
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/vmstat").write_text("pgfault 12\noom_kill 3\nother_oom_kill 9\n")
    assert memory_kills(tmp_path) == 3
