"""PyTorch as an engine: the plain eager loop over batches, on tensors that are in memory."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.engine_process import Losses, serve_engine
from benchmarks.problem import Problem
from core.spec import RunSpec

_ACTIVATIONS: Final = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid}


class TorchEngine:
    """A `Problem`; model and optimizer are made anew for each training."""

    def __init__(self, problem: Problem) -> None:
        torch.set_num_threads(1)
        self._problem = problem
        self._x, self._y = torch.tensor(problem.x), torch.tensor(problem.y)

    def train(self, epochs: int, seed: int) -> tuple[Losses, float]:
        """Train for so many epochs."""
        torch.manual_seed(seed)
        problem, model = self._problem, self._model()
        optimizer = torch.optim.Adam(model.parameters(), lr=problem.learning_rate, eps=1e-7)
        losses: list[float] = []
        first = 0.0
        for order in problem.orders[:epochs]:
            total = torch.zeros(())
            for rows in torch.tensor(order.astype(np.int64)).split(problem.batch_size):
                optimizer.zero_grad()
                loss = torch.nn.functional.mse_loss(model(self._x[rows]), self._y[rows])
                loss.backward()
                optimizer.step()
                total += loss.detach() * len(rows)
            losses.append(float(total) / len(order))
            first = first or time.perf_counter()
        return losses, first

    def _model(self) -> Any:
        layers: list[Any] = []
        for i, (kernel, bias) in enumerate(self._problem.weights):
            dense = torch.nn.Linear(*kernel.shape)
            with torch.no_grad():
                dense.weight.copy_(torch.tensor(kernel.T))
                dense.bias.copy_(torch.tensor(bias))
            layers.append(dense)
            if i < len(self._problem.dropout):
                layers += [_ACTIVATIONS[self._problem.activation](), torch.nn.Dropout(self._problem.dropout[i])]
        return torch.nn.Sequential(*layers)


def _make(_run: RunSpec, problem: Path) -> TorchEngine:
    return TorchEngine(Problem.read(problem))


if __name__ == "__main__":
    serve_engine(_make)
