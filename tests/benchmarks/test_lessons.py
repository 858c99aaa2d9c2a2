"""The page of what lessons claim: lessons that were not trained keep what was written of them."""

from benchmarks.lessons import Checked, lessons_page
from core.lessons import LESSONS


def checked(lesson, held):
    return Checked(lesson, "lesson", lesson.claims[0], held, ())


def test_a_lesson_trained_anew_replaces_its_own_part_alone():
    first, third = LESSONS[0], LESSONS[2]
    before = lessons_page([checked(first, (True,) * 5), checked(third, (True,) * 5)])
    after = lessons_page([checked(third, (True, False, True, True, True))], before)
    old, new = before.splitlines(), after.splitlines()
    assert len(old) == len(new)
    changed = [line for line, other in zip(new, old, strict=True) if line != other]
    assert changed == [f"| lesson | `{third.claims[0]}` | 4 of 5 |"]


def test_the_parts_are_in_the_order_of_the_lessons():
    second = lessons_page([checked(LESSONS[1], (True,))])
    page = lessons_page([checked(LESSONS[9], (True,))], second)
    assert page.index("## 2. ") < page.index("## 10. ")
    assert lessons_page([], page) == page
