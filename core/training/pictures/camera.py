"""Takes the pictures of a run: of the first weights, at epochs that grow further apart, a few a second, and at the end.

What is planned costs the training nothing but a copy of its weights, which the compiled epochs make themselves; it is
drawn later, several at once. What is taken by the clock shows a long training live.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from core.data.prepare.prepared import Prepared
from core.recent import Recent
from core.training.epochs import Program
from core.training.pictures.catalogue import PICTURES
from core.training.pictures.frame import SCENE, Frame, OnFrame
from core.training.pictures.landscape import landscape_of
from core.training.pictures.layers import Layers
from core.training.pictures.picture import Subject, spread

EVERY_SECONDS: Final = 0.15
"""Between two pictures of a training that goes on, at the least; calls are a tenth of a second long."""
SHARE: Final = 0.1
"""Of the time trained, so much may go into pictures; where they take longer there are fewer."""
_FREE_SECONDS: Final = 0.005
_PER_SECOND: Final = 2e9
"""Weights × rows that are predicted in a second, until it is known."""
_LARGEST: Final = 2**16
"""Weights of a network that is shown by the plan too: copies of larger ones fill the memory, and cut calls short."""
_PER_DECADE: Final = 4
_AT_A_TIME: Final = 16
_OUTPUTS_AT_A_TIME: Final = 2**21
"""Numbers of one layer, for all snapshots of one call."""
_NOTHING: Final[Mapping[str, Any]] = MappingProxyType({})

Floats = npt.NDArray[np.float32]


def planned_epochs(epochs: int) -> npt.NDArray[np.bool_]:
    """Return after which of `epochs` epochs a picture is taken: 1, 2, 3, 6, 10, 18, 32, 56, 100, … but the last."""
    exponents = np.arange(_PER_DECADE * np.log10(max(1, epochs)) + 1) / _PER_DECADE
    chosen = np.unique(np.round(10**exponents).astype(int))
    return np.isin(np.arange(1, epochs + 1), chosen[chosen < epochs])


class Camera:
    """The pictures of one run.

    Attributes
    ----------
    planned : numpy.ndarray
        bool [epochs], the epochs whose weights are wanted.
    updates : list of (float, list)
        Of some planned epochs, how far a step has moved each layer.
    """

    def __init__(self, program: Program, prepared: Prepared, epochs: int, on_frame: OnFrame) -> None:
        self._begun, self._epochs = time.perf_counter(), epochs
        self._program, self._on_frame = program, on_frame
        self._subjects = _subjects.get(prepared, lambda: _subjects_of(prepared))
        self._x = np.concatenate([prepared.x[:0], *(subject.x for subject in self._subjects.values())])
        self._small = small = program.model.count_params() <= _LARGEST
        self._layers = Layers(program, prepared) if small else None
        self._landscape = landscape_of(program, prepared)
        self._path: list[tuple[float, Floats]] = []
        self.updates: list[tuple[float, list[float | None]]] = []
        self.planned = planned_epochs(epochs) if small else np.zeros(epochs, bool)
        self.planned[-1:] |= small
        units = (layer.units for layer in program.model.layers if hasattr(layer, "units"))
        widest = max(self._x.shape[1], *units)  # the rows too are there once for each of the snapshots
        self._at_a_time = int(np.clip(_OUTPUTS_AT_A_TIME // (max(1, len(self._x)) * widest), 1, _AT_A_TIME))
        self._waiting: list[tuple[float, Floats]] = []
        self._cost = max(1, len(self._x)) * program.model.count_params() / _PER_SECOND
        self._spent = 0.0
        self._next = self._begun + EVERY_SECONDS
        self._last = SCENE

    def begin(self) -> None:
        """Say what all frames share; keep the first weights."""
        scene = {name: subject.scene for name, subject in self._subjects.items()}
        inside = {"layers": self._layers, "landscape": self._landscape}
        scene |= {name: picture.scene for name, picture in inside.items() if picture is not None}
        self._anything = bool(scene)
        if self._anything:
            self._on_frame(Frame(SCENE, scene))
            self._keep(0, self._program.snapshot())

    def keep(self, epoch: int, before: Floats, after: Floats, steps: int) -> None:
        """Keep the weights after a planned epoch, counted from 1, so many `steps` from those `before`."""
        if self._layers is not None:
            self.updates.append((epoch, self._layers.updates(before, after, steps)))
        if epoch < self._epochs:  # the last is drawn as the weights that are judged
            self._keep(epoch, after)

    def _keep(self, epoch: int, weights: Floats) -> None:
        self._waiting.append((float(epoch), weights))
        if self._small:
            self._path.append(self._waiting[-1])

    @property
    def path(self) -> tuple[Floats, ...]:
        """The planned epochs so far, float64 [n], and the weights after them, [n, weights]; nothing where none is."""
        if not self._path:
            return ()
        epochs, weights = zip(*self._path, strict=True)
        return np.array(epochs), np.stack(weights)

    def resume(
        self, path: Sequence[Floats], updates: Sequence[tuple[float, list[float | None]]], seconds: float
    ) -> None:
        """Go on with the `path` and the `updates` of an earlier attempt that took so long: all of it is drawn again."""
        epochs, weights = path
        self._path = list(zip(epochs.tolist(), weights, strict=True))
        self._waiting, self.updates = list(self._path), list(updates)
        self._begun -= seconds

    def look(self, epoch: float) -> None:
        """Draw what waits, and the weights as they are, if it is time to; between two calls."""
        if not self._anything or time.perf_counter() < self._next:
            return
        chosen = self._worth_drawing()
        self._draw(chosen)
        if self._last < epoch < self._epochs:
            self._draw([(epoch, self._program.snapshot())], passing=True)
        self._next = time.perf_counter() + max(EVERY_SECONDS, (len(chosen) + 1) * self._cost / SHARE)

    def end(self, epoch: int, weights_of_epoch: int | None) -> None:
        """Draw what waits, and the weights that are judged."""
        if self._anything:
            last = (float(epoch), self._program.snapshot())
            landscape = {} if self._landscape is None else {"landscape": self._landscape.along([*self._path, last])}
            self._draw([*self._worth_drawing(at_least=1), last], weights_of_epoch=weights_of_epoch, of_last=landscape)

    def _worth_drawing(self, at_least: int = 0) -> list[tuple[float, Floats]]:
        """Return as much as there is time for of what waits, evenly spread over it; the rest waits on."""
        left = SHARE * (time.perf_counter() - self._begun) + _FREE_SECONDS - self._spent
        affordable = max(at_least, int(left / self._cost))
        places = spread(len(self._waiting), affordable).tolist()
        chosen = [self._waiting[i] for i in places]
        self._waiting = [self._waiting[i] for i in range(len(self._waiting)) if i not in places]
        return chosen

    def _draw(
        self,
        taken: Sequence[tuple[float, Floats]],
        *,
        passing: bool = False,
        weights_of_epoch: int | None = None,
        of_last: Mapping[str, Any] = _NOTHING,
    ) -> None:
        """Draw what was `taken`; `weights_of_epoch` and the pictures `of_last` are of the last."""
        if not taken:
            return
        probe = self._program.probe
        if self._subjects and not probe.predicts:
            probe.predict(self._x, taken[0][1][None])  # traced, once for all runs of the structure
        begin = time.perf_counter()
        for first in range(0, len(taken), self._at_a_time):
            together = taken[first : first + self._at_a_time]
            for (epoch, _), pictures in zip(together, self._pictures(together), strict=True):
                last = epoch == taken[-1][0]
                judged, more = (weights_of_epoch, of_last) if last else (None, _NOTHING)
                self._on_frame(Frame(epoch, {**pictures, **more}, passing, judged))
                self._last = max(self._last, epoch)
        took = time.perf_counter() - begin
        # The least that was seen: the processor may have been elsewhere meanwhile.
        self._cost = min(self._cost if self._spent else took, took / len(taken))
        self._spent += took

    def _pictures(self, taken: Sequence[tuple[float, Floats]]) -> list[dict[str, Any]]:
        snapshots = np.stack([weights for _, weights in taken])
        pictures: list[dict[str, Any]] = [{} for _ in taken]
        if self._subjects:
            ends = np.cumsum([len(subject.x) for subject in self._subjects.values()])[:-1]
            for shown, outputs in zip(pictures, self._program.probe.predict(self._x, snapshots), strict=True):
                parts = zip(self._subjects.items(), np.split(outputs, ends), strict=True)
                shown.update((name, s.frame(part) if np.isfinite(part).all() else None) for (name, s), part in parts)
        if self._layers is not None:
            updates = dict(self.updates)
            for shown, (epoch, _), layers in zip(pictures, taken, self._layers.frames(snapshots), strict=True):
                moved = {"updates": updates[epoch]} if epoch in updates else {}
                shown["layers"] = None if layers is None else layers | moved
        return pictures


def _subjects_of(prepared: Prepared) -> dict[str, Subject]:
    found = ((picture.name, picture.of(prepared)) for picture in PICTURES)
    return {name: subject for name, subject in found if subject is not None}


_subjects: Recent[Prepared, dict[str, Subject]] = Recent(8)
