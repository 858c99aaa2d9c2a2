from pathlib import Path

from core.jobs.cluster.own_folder import own_folder


def test_workers_that_share_a_data_folder_have_a_folder_each_and_the_next_gets_one_that_was_left(
    tmp_path: Path,
) -> None:
    (first, held), (second, also_held) = own_folder(tmp_path), own_folder(tmp_path)
    assert first != second
    held.close()
    third, held = own_folder(tmp_path)
    assert third == first
    assert third.stat().st_mode & 0o077 == 0
    for lock in (held, also_held):
        lock.close()
