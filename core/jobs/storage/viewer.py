"""Who may see and change an experiment, and so its runs, points, pictures and diagnoses: decided here and nowhere else.

What somebody may not see is answered like what does not exist.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select, true

from core.errors import InputRefused
from core.jobs.people.person import Person
from core.jobs.storage import schema
from core.sentence import said

_NOT_YOURS: Final = said("Only whoever ran this experiment, or an admin, can do this; a copy of it would be yours.")
_NOBODY: Final = said("Sign in first: nobody could find again what is run now.")

_experiment, _member = schema.experiment, schema.member


class Reach(StrEnum):
    """Who sees an experiment beside its owner and the admins."""

    PRIVATE = "private"
    LINK = "link"
    TEAM = "team"


@dataclass(frozen=True)
class Viewer:
    """Who asks the store for something.

    Attributes
    ----------
    owner : str or None
        Whose the experiments are that they run now: the person's or the member's of a class.
    owners : frozenset of str
        Whose experiments are theirs.
    person : Person or None
        Who has signed in.
    guest : bool
        Whether they are let in without: to what members of a class have run and handed on, and to nothing else.
    everything : bool
        Whether nothing is kept from them.
    """

    owner: str | None = None
    owners: frozenset[str] = field(default=frozenset())
    person: Person | None = None
    guest: bool = False
    everything: bool = False

    @property
    def _rules(self) -> bool:
        return self.everything or (self.person is not None and self.person.admin)

    @property
    def payer(self) -> str | None:
        """For whose limits it counts what they ask for: the person's, whatever class they sit in, or the guest's."""
        return self.person.id if self.person is not None else self.owner

    def reads(self) -> ColumnElement[bool]:
        """Return the condition that they may see an experiment.

        What has no owner is the lab's own, as the example, or was run before people signed in; trials of a diagnosis
        are seen by whom they belong to.
        """
        if self._rules:
            return true()
        mine, of_nobody = _experiment.c.owner.in_(self.owners), _experiment.c.owner.is_(None)
        if self.person is not None:
            handed_on = or_(of_nobody, _experiment.c.reach != Reach.PRIVATE)
            return or_(mine, and_(_experiment.c.diagnosis.is_(None), handed_on))
        return or_(mine, exists().where(_member.c.id == _experiment.c.owner)) if self.guest else mine

    def changes(self) -> ColumnElement[bool]:
        """Return the condition that they may change, share and delete an experiment."""
        return true() if self._rules else _experiment.c.owner.in_(self.owners)

    def lists(self, owners: Collection[str] | None) -> ColumnElement[bool]:
        """Return the condition that they find an experiment in a list of what is nobody's, or of `owners`; None = any.

        Once people sign in, such a list also has what is shared with the team.
        """
        owner = _experiment.c.owner
        listed = true() if owners is None else or_(owner.is_(None), owner.in_(owners))
        if self.everything:
            return listed
        return and_(self.reads(), or_(listed, _experiment.c.reach == Reach.TEAM))

    def check(self, connection: Connection, experiment: str, *, change: bool = False) -> None:
        """Refuse an experiment that they may not see or, if they want to `change` it, that is not theirs.

        Raises
        ------
        InputRefused
        """
        wanted = select(self.changes().label("mine")).where(_experiment.c.id == experiment, self.reads())
        found = connection.execute(wanted).one_or_none()
        if found is None:
            raise unknown_experiment()
        if change and not found.mine:
            raise InputRefused(_NOT_YOURS, "experiment")

    def owner_of_new(self, wanted: str | None) -> str | None:
        """Return whose an experiment is that they run for `wanted`: theirs, whoever is named.

        Raises
        ------
        InputRefused
            If they are nobody.
        """
        if self.everything or wanted in self.owners:
            return wanted
        if self.owner is None:
            raise InputRefused(_NOBODY, "owner")
        return self.owner

    def reach_of_new(self, owner: str | None) -> Reach:
        """Return who sees what they run beside `owner`: nobody of what belongs to people, as long as it is not shared.

        A class sees what its members hand on, as everybody does in an open lab.
        """
        return Reach.PRIVATE if self.person is not None and owner == self.person.id else Reach.LINK

    def own_key(self, key: str | None) -> str | None:
        """Return the name of a press of a button among the presses of theirs: nobody finds out those of others."""
        return key if key is None or self.everything else f"{self.owner}:{key}"


LAB: Final = Viewer(everything=True)
"""The lab itself and its processes, and whoever visits a lab in which nobody signs in."""


def unknown_experiment() -> InputRefused:
    """Return the refusal of an id that no experiment has."""
    return InputRefused(said("There is no such experiment; it may have been deleted."), "experiment")
