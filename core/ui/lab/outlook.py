"""What an experiment would take if it were run now: inputs, memory, seconds; told before it is."""

from __future__ import annotations

from dataclasses import dataclass

from core.data.prepare.input_size import Width, encoded_width
from core.data.table import Table
from core.errors import InputRefused
from core.jobs.lab import get_lab
from core.jobs.scheduling.backlog import Expectation
from core.spec import ExperimentSpec
from core.training.memory import RunSize, check_memory, memory_need
from core.ui.classroom.seat import member_of_tab
from core.ui.people.mine import viewer


@dataclass(frozen=True)
class Outlook:
    """What to expect of an experiment.

    Attributes
    ----------
    width : Width
        The widest input matrix of its runs.
    need : int
        Bytes the largest of its runs needs.
    expected : Expectation
        Seconds of work, and of waiting for others.
    """

    width: Width
    need: int
    expected: Expectation


def outlook_of(wanted: ExperimentSpec | InputRefused, table: Table) -> Outlook | InputRefused:
    """Return what to expect of `wanted`, or why it cannot be run."""
    if isinstance(wanted, InputRefused):
        return wanted
    try:
        width, need = _largest(wanted, table)
    except InputRefused as refusal:
        return refusal
    who = viewer().owner_of_new(member_of_tab())
    return Outlook(width, need, get_lab().backlog.expected(wanted, (len(table.frame), width.columns), who))


def _largest(wanted: ExperimentSpec, table: Table) -> tuple[Width, int]:
    """Return the widest input matrix of the runs, and the bytes the largest of them needs.

    Raises
    ------
    InputRefused
        If that is more than a run may need.
    """
    widths: dict[str, Width] = {}
    most = 0
    for run in {repr(run.variant): run for run in wanted.runs()}.values():
        key = run.data.model_dump_json(exclude={"source"}) + run.preprocessing.model_dump_json()
        width = widths[key] = widths.get(key) or encoded_width(run, table)
        shapes = RunSize.expected(run, len(table.frame), width.columns)
        check_memory(run, shapes, get_lab().store.run_bytes)
        most = max(most, memory_need(run, shapes).total)
    return max(widths.values(), key=lambda width: (width.too_large, width.columns)), most
