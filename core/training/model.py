"""The real Keras model, loss, optimizer and callbacks of a run."""

from __future__ import annotations

from typing import Any, Final

from core.choices.losses import LOSSES
from core.choices.optimizers import OPTIMIZERS
from core.data.prepare.prepared import Prepared
from core.spec import ModelSpec, RunSpec, TrainingSpec
from core.training.backend import keras
from core.training.initial_weights import initializer

_REMEMBERED: Final = ("best", "wait", "best_epoch", "stopped_epoch", "cooldown_counter")
"""What Keras's callbacks take from epoch to epoch, beside the best weights."""


def build_model(model: ModelSpec, prepared: Prepared) -> Any:
    """Return the uncompiled ``keras.Sequential``, built layer by layer from input to output.

    Call ``keras.utils.set_random_seed(seed)`` first and the weights are those of the run. With batch normalisation a
    layer is Dense → BatchNormalization → Activation, as in Ioffe & Szegedy (2015), whose shift replaces the bias: the
    bias's gradient is zero but for rounding, which Adam would blow up to full steps.
    """
    regularizer = keras.regularizers.L2(model.l2) if model.l2 else None
    layers = [keras.Input((prepared.x.shape[1],))]
    for hidden in model.hidden:
        layers.append(
            keras.layers.Dense(
                hidden.units,
                activation=None if model.batch_normalization else hidden.activation,
                use_bias=not model.batch_normalization,
                kernel_initializer=initializer(hidden.initializer or model.initializer),
                kernel_regularizer=regularizer,
            )
        )
        if model.batch_normalization:
            layers += [keras.layers.BatchNormalization(), keras.layers.Activation(hidden.activation)]
        if hidden.dropout:
            layers.append(keras.layers.Dropout(hidden.dropout))
    layers.append(
        keras.layers.Dense(
            prepared.output_units,
            activation=_always_one if _answers_one(prepared) else prepared.output_activation,
            kernel_initializer=initializer(model.initializer),
            kernel_regularizer=regularizer,
        )
    )
    return keras.Sequential(layers)


def _answers_one(prepared: Prepared) -> bool:
    alone = prepared.output_units == 1 and prepared.output_activation == "softmax"
    # A cross-entropy looks at what comes before its softmax, which has to be one.
    return alone and LOSSES[prepared.loss].measures == "distance"


def _always_one(numbers: Any) -> Any:
    """Return the softmax of one unit: 1, with the gradient 0 it has.

    TensorFlow's own, without oneDNN, is off by a rounding error, which targets in the thousands blow up to steps.
    """
    return keras.ops.ones_like(numbers) + 0 * numbers


def build_loss(name: str) -> Any:
    """Return the real Keras loss: a mean over the rows of a batch."""
    return getattr(keras.losses, LOSSES[name].keras)()


def build_optimizer(training: TrainingSpec) -> Any:
    """Return the real Keras optimizer; `clip_norm` bounds the norm of all gradients together."""
    chosen = OPTIMIZERS[training.optimizer]
    options = {
        "learning_rate": training.learning_rate,
        "global_clipnorm": training.clip_norm,
        "weight_decay": training.weight_decay or chosen.no_decay,
        **{name: getattr(training, name) for name in chosen.takes},
    }
    return keras.optimizers.get({"class_name": training.optimizer, "config": options})


def build_callbacks(run: RunSpec) -> list[Any]:
    """Return the real Keras callbacks this run asks for; none for most runs, which may then train in chunks."""
    stopping = run.training.early_stopping
    wanted = [
        run.training.schedule.callback("val_loss" if run.data.validation_fraction else "loss"),
        None if stopping is None else stopping.callback(),
    ]
    return [getattr(keras.callbacks, name)(**options) for name, options in filter(None, wanted)]


def callback_state(callback: Any) -> dict[str, Any]:
    """Return what one of `build_callbacks` remembers, numbers and None by the name of the attribute."""
    return {name: value for name, value in vars(callback).items() if name in _REMEMBERED}
