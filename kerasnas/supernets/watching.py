"""What happens at the end of an epoch of a differentiable search: derive, note, save, stop."""

import json
import os
import time

import keras
import numpy as np

from kerasnas.errors import StrategyError
from kerasnas.supernets.curvature import Curvature, rising
from kerasnas.supernets.derivation import derive, operation_counts, skips
from kerasnas.supernets.pairs import classes
from kerasnas.supernets.rule import entropy

MEASURED, AT_ONCE = 500, 250  # rows that a derived path is measured on, and of these in a batch


class Watching(keras.callbacks.Callback):
    """Derives after each epoch, keeps the history, writes checkpoints, and stops where the rule says so.

    Args:
        space: The `Space`.
        path: The checkpoint's file, or None to write none.
        held: A `Dataset` that the weights do not learn from: what guards judge by; None where there are none.

    Attributes:
        history: A dict for each epoch; see `kerasnas.supernets.history.History`.
        stopped: Why the search ended early, or None.
        kept: How many epochs count, where the search goes back; None for all.
    """

    def __init__(self, space, path, held=None):
        super().__init__()
        self.space, self.path, self.held = space, path, held
        self.history, self.stopped, self.kept = [], None, None
        self.curvature = None

    # -------------------------------------------------------------- checkpoints
    def resume(self, model, steps):
        """Goes on from the checkpoint, if there is one; returns the number of epochs that are done.

        Not all of them need be in the history, and the last may have been broken off.

        Args:
            model: The `Bilevel` model.
            steps: Steps of an epoch.
        """
        if self.path is None or not self.path.exists():
            return 0
        with np.load(self.path) as stored:
            told, state = json.loads(str(stored["told"])), model.state()
            shapes = [stored[f"v{i}"].shape if f"v{i}" in stored else None for i in range(len(state))]
            if shapes != [tuple(variable.shape) for variable in state] or f"v{len(state)}" in stored:
                raise StrategyError(
                    f"Expected in {self.path} the checkpoint of this search. Received: that of another network, or of "
                    "another version of kerasnas; remove it to search anew."
                )
            for i, variable in enumerate(state):
                variable.assign(stored[f"v{i}"])
        self.history, self.stopped, self.kept = told["epochs"], told["stopped"], told.get("kept")
        return -(-int(keras.ops.convert_to_numpy(model.done)) // steps)

    def save(self):
        if self.path is None:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        values = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(self.model.state())}
        beside = self.path.with_name(f".{self.path.stem}.{os.getpid()}.npz")
        np.savez(beside, told=json.dumps(self._told()), **values)
        os.replace(beside, self.path)

    def _told(self):
        labels = {path: list(map(_plain, labels)) for path, labels in self.model.supernet.labels.items()}
        return {"epochs": self.history, "labels": labels, "stopped": self.stopped, "kept": self.kept}

    # -------------------------------------------------------------------- epochs
    def on_epoch_begin(self, epoch, logs=None):
        self.started = time.monotonic()
        searching = self.model.warm()
        if searching != self.model.searching:
            self.model.searching = searching
            self.model.make_train_function(force=True)

    def on_epoch_end(self, epoch, logs=None):
        if not np.isfinite((logs or {}).get("loss", np.nan)):
            self._broken(epoch)
            return
        rule = self.model.rule
        entry = self._entry(logs, rule.most_skips)
        many = rule.stop_skips is not None and skips_in_a_cell(entry["skips"]) >= rule.stop_skips
        if many and all("limited" in earlier for earlier in self.history):
            # Gates that have not learnt yet lean anywhere: that is no collapse, and no derivation to go back to.
            entry = self._entry(logs, rule.stop_skips - 1) | {"limited": True}
            many = False
        if many:
            self._stop(f"{rule.stop_skips} skip connections in a cell")
        elif entry["architecture"] is not None:
            self.history.append(entry)
            self._guard(rule)
        if not self._frozen():
            self.save()

    def _frozen(self):
        """Whether the weights are no longer what the history tells of."""
        return self.stopped is not None and self.stopped.startswith("loss")

    def _guard(self, rule):
        """Stops and goes back where the loss curves too sharply along the architecture weights."""
        if rule.stop_curvature is None:
            return
        found = [entry["curvature"] for entry in self.history if "warmup" not in entry]
        keep = rising(found, rule.stop_curvature, rule.curvature_window)
        if keep is not None:
            self.kept = len(self.history) - len(found) + keep
            self._stop(f"curvature of the loss has risen since epoch {self.kept}")

    def _entry(self, logs, most_skips):
        model, opened = self.model, self.model.supernet.opened
        gates = means(model)
        architecture = derive(self.space, opened, gates, most_skips)
        weighed = {path: gates[path] for path in model.rule.weighed(model.supernet)}
        found = {}
        if model.rule.stop_curvature is not None:
            found["curvature"] = self._curvature()
        if architecture is not None and self.held is not None and classes(self.held) is not None:
            found["accuracy"] = accuracy(model, self.held.head(MEASURED), architecture)
        found |= {} if model.searching else {"warmup": True}
        return found | {
            "loss": float(logs["loss"]),
            "seconds": round(time.monotonic() - self.started, 3),
            "entropy": entropy(weighed),
            "operations": operation_counts(opened, architecture or {}),
            "skips": skips(opened, architecture or {}),
            "architecture": None if architecture is None else json.loads(architecture.to_json()),
            "gates": {path: [round(float(value), 6) for value in values] for path, values in weighed.items()},
        }

    def _curvature(self):
        if self.curvature is None:
            x, y, *weight = self.held.batches(self.model.rule.batch_size)[0]
            self.curvature = Curvature(self.model, (x, y, weight[0] if weight else None))
        return self.curvature()

    def _broken(self, epoch):
        if not self.history:
            raise StrategyError(
                "Expected a search whose loss stays finite; try a lower learning rate. Received: a loss that is no "
                f"number in epoch {epoch + 1}."
            )
        self._stop("loss no longer finite")

    def _stop(self, reason):
        self.stopped = reason
        self.model.stop_training = True


def skips_in_a_cell(skips):
    """The most skip connections of a cell, of those that keep the resolution where names tell them apart.

    Args:
        skips: Number by cell.
    """
    normal = {cell: count for cell, count in skips.items() if "reduc" not in cell.rsplit("/", 1)[-1].lower()}
    return max((normal or skips).values(), default=0)


def accuracy(model, rows, architecture):
    """How many of some rows a supernet tells right along the path of an architecture; batches normalize themselves.

    Args:
        model: The `Bilevel` model; it stays as it is.
        rows: A `Dataset` with classes that the weights have not learnt from.
        architecture: The `Architecture`.
    """
    before = [np.array(keras.ops.convert_to_numpy(each)) for each in model.statistics]
    batches, answers = rows.batches(AT_ONCE), []
    for number in range(len(batches)):
        found = model.supernet(batches[number][0], architecture=architecture, training=True)
        (answer,) = found.values() if isinstance(found, dict) else (found,)
        answers.append(keras.ops.convert_to_numpy(answer).argmax(axis=-1))
    for variable, value in zip(model.statistics, before):
        variable.assign(value)
    return round(float(np.mean(np.concatenate(answers) == classes(rows))), 6)


def _plain(label):
    return list(label) if isinstance(label, tuple) else label


def means(model):
    """The gates to derive from, as arrays by decision."""
    gates = model.rule.means(model.supernet)
    return {path: np.asarray(keras.ops.convert_to_numpy(gate)) for path, gate in gates.items()}
