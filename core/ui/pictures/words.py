"""What the scripts of the pictures say, by the names they have for it; `words.js` says it."""

from __future__ import annotations

from typing import Final

from core.ui.chart.words import WORDS as CHART
from core.ui.words import Messages, later

WORDS: Final[Messages] = {
    **{name: CHART[name] for name in ("no_library", "lost", "seed_of", "loss", "loss_of", "epoch")},
    # the row
    "pictures": later("Pictures"),
    "tabs_label": later("Which picture"),
    "runs_label": later("Runs in the pictures"),
    "slider_label": later("Epoch of the pictures"),
    "rows_held_out": later("Rows held out"),
    "runs_shown": later("Runs: {shown} of {runs}"),
    "trained_on": later("trained on"),
    "held_out": later("held out"),
    "pause": later("Pause"),
    "replay": later("Replay"),
    "untrained": later("before training"),
    "epoch_of": later("epoch {epoch}"),
    "choose": later("Choose a run to see its pictures."),
    "soon": later("The pictures appear with the first epochs."),
    "none": later(
        "There are no pictures of these runs: nothing can be drawn of them, or newer runs have taken their place."
    ),
    "others": later("Other pictures"),
    "waits": later("Waits for its turn."),
    "first_soon": later("The first picture is on its way."),
    # each picture, and where there is one
    "fitted_curve": later("Fitted curve"),
    "fitted_curve_where": later("The fitted curve is drawn for tables with one input, a number."),
    "decision_boundary": later("Boundary"),
    "decision_boundary_where": later("The boundary is drawn for tables with two inputs, both numbers."),
    "predicted_values": later("Predictions"),
    "predicted_values_where": later("Predictions are set against true values where the target is a number."),
    "residuals": later("Residuals"),
    "residuals_where": later("Residuals are drawn where the target is a number."),
    "confusion_matrix": later("Confusion"),
    "confusion_matrix_where": later("A confusion matrix is counted where the target is a class, of at most twenty."),
    "landscape": later("Landscape"),
    "landscape_where": later(
        "The landscape is drawn for networks of at most 2,500 weights, without batch normalisation."
    ),
    "layers": later("Layers"),
    "layers_where": later("Layers are looked into in networks of at most 65,536 weights."),
    "updates": later("Updates"),
    "updates_where": later("Updates are measured in networks of at most 65,536 weights."),
    # their axes
    "predicted": later("predicted"),
    "predicted_as": later("predicted {value}"),
    "true": later("true"),
    "true_as": later("true {value}"),
    "off_by": later("off by {value}"),
    "predicted_less_true": later("predicted − true"),
    "share_of": later("share of {name}"),
    "share_of_each": later("share of each class"),
    "taken_for": later("{truth} taken for {named}: {count}<br>{share} of its rows"),
    "its_loss": later("its loss {loss}"),
    "first_direction": later("direction of most movement"),
    "second_direction": later("second direction"),
    "hidden_layer": later("hidden {place}"),
    "output": later("output"),
    "activations": later("activations"),
    "gradient_size": later("size of gradients"),
    "values": later("{values} values"),
    "update_size": later("change of weights in a step"),
    "update_of": later("{layer}, epoch {epoch}<br>{share} of its size in a step"),
    "healthy": later("healthy"),
    # the sentence below
    "percent": later("{count} %"),
    "most_of": later("more than 99 %"),
    "before_training": later("Before training:"),
    "at_epoch": later("At epoch {epoch}:"),
    "at_epoch_with": later("At epoch {epoch}, with the weights of epoch {judged}:"),
    "not_finite": later("{moment} the network answers with numbers that are not finite, so there is nothing to draw."),
    "right": later("{moment} {share} of the {all} training points lie on the right side."),
    "right_both": later(
        "{moment} {share} of the {all} training points and {other} of the {more} held out lie on the right side."
    ),
    "heights": later(
        "{moment} the predictions on this plane go from {least} to {most}, the true values from {low} to {high}."
    ),
    "no_point": later("{moment} the curve is drawn, and no point is."),
    "curve_within": later(
        "{moment} the curve passes half of the training points within {miss}; they go from {low} to {high}."
    ),
    "curve_outside": later("All of the curve lies outside the picture."),
    "predicted_within": later("{moment} half of the training rows are predicted within {miss} of the truth."),
    "predicted_both": later(
        "{moment} half of the training rows are predicted within {miss} of the truth, of those held out within {other}."
    ),
    "residuals_are": later("{moment} predictions are on average {tendency}; the farthest is {farthest}."),
    "neither": later("neither too high nor too low"),
    "too_high": later("{size} too high"),
    "too_low": later("{size} too low"),
    "named_right": later("{moment} {right} of {all} training rows{sample} are named right{others}."),
    "sample_of": later(", a sample of {rows},"),
    "of_held_out": later(", of those held out {right} of {all}"),
    "mistake": later(
        "The most frequent mistake: {truth} taken for {named}, once.",
        "The most frequent mistake: {truth} taken for {named}, {count} times.",
    ),
    "landscape_soon": later("The landscape is drawn when the training has ended."),
    "landscape_none": later(
        "There is no landscape: the weights are no longer finite, or moved along less than two directions."
    ),
    "path_starts": later("{moment} the path starts at a loss of {start}."),
    "path_led": later("{moment} the path has led from a loss of {start} to {end}."),
    "plane_holds": later(
        "These two directions hold {share} of how the weights moved; what the loss does in the other one is not seen "
        "here.",
        "These two directions hold {share} of how the weights moved; what the loss does in the other {count} is not "
        "seen here.",
    ),
    "plane_is_all": later("These two directions are all there are: the network has two weights."),
    "shadows": later(
        "The paths of other runs, in their colours, fall on this plane like shadows: the loss under them is not theirs."
    ),
    "loss_of_sample": later("The loss is that of {used} of {all} training rows."),
    "no_hidden": later(
        "{moment} there is no hidden layer here, so what this one passes on is the answer. Half of its gradients are "
        "{size}."
    ),
    "gradients_below": later(
        "{moment} half of the gradients are {size} in hidden 1, and {other} in the output{apart}."
    ),
    "below": later("below {size}"),
    "exactly_zero": later("exactly 0"),
    "times_smaller": later(": in hidden 1 they are {times} times smaller"),
    "times_larger": later(": in hidden 1 they are {times} times larger"),
    "layers_shown": later("{shown} of {layers} layers are shown."),
    "no_step": later("{moment} no step has been taken yet."),
    "steps_not_finite": later("{moment} the steps are no longer finite."),
    "step_changes": later("{moment} a step changes the weights by {least} of their size."),
    "step_changes_both": later(
        "{moment} a step changes the weights of {slow} by {least} of their size, those of {fast} by {most}."
    ),
    "healthy_band": later("Between {low} and {high} (shaded) is healthy."),
    "unit_steps": later(
        "A step of {optimizer} is as long for small gradients as for large ones: vanishing gradients are seen in "
        "Layers, not here."
    ),
    "hardly_move": later(
        "{count} of {layers} layers hardly moves",
        "{count} of {layers} layers hardly move",
    ),
    "steps_too_long": later(
        "{count} of {layers} layers takes steps so long that they may undo each other",
        "{count} of {layers} layers take steps so long that they may undo each other",
    ),
}
