"""How trials are compared: on a part of the rows, or by cross-validation."""

import re
from dataclasses import dataclass

import numpy as np

from kerasnas.data.splitting import split
from kerasnas.errors import ArgumentError, DataError, nearest


@dataclass(frozen=True)
class Validation:
    """Which rows validate.

    Args:
        fraction: Part of the rows that is held out; None where they are cross-validated.
        folds: Number of folds; 0 where a part is held out.
        in_time: Whether the last rows are held out, rather than drawn ones.
        groups: Group of each row `(n,)`: rows of one group are never on both sides. None for none.
    """

    fraction: float | None = 0.2
    folds: int = 0
    in_time: bool = False
    groups: np.ndarray | None = None

    @classmethod
    def of(cls, value, fraction, groups=None):
        """From what a user says.

        Args:
            value: "holdout", "cv5" (any number of folds from 2 on), "time", or None.
            fraction: Part of the rows to hold out.
            groups: As above.

        Raises:
            ArgumentError: If it is none of these, or the last rows are to be held out by groups.
        """
        if groups is not None and value == "time":
            raise ArgumentError(
                "Expected `groups` with 'holdout' or a cross-validation such as 'cv5'. Received: validation='time', "
                "which holds out the last rows, of whatever group."
            )
        match = re.fullmatch(r"cv(\d+)", str(value))
        if match and int(match[1]) >= 2:
            return cls(None, int(match[1]), groups=groups)
        if value in (None, "holdout", "time"):
            return cls(fraction, 0, value == "time", groups)
        raise ArgumentError(
            "Expected `validation` to be 'holdout', 'time', or a cross-validation such as 'cv5'."
            f"{nearest(value, ('holdout', 'time', 'cv5'))} Received: {value!r}."
        )

    def check(self, rows):
        """Refuses groups that are not one for each of `rows` rows, or too few.

        Raises:
            DataError: If they are.
        """
        if self.groups is not None:
            self._checked_groups(rows, self.folds or 2)

    def describe(self):
        """What identifies it in a journal."""
        if self.folds:
            return f"cv{self.folds}" + self._grouped()
        return f"{self.fraction}" + (" in time" if self.in_time else "") + self._grouped()

    def _grouped(self):
        if self.groups is None:
            return ""
        from kerasnas.data.dataset import Dataset
        from kerasnas.data.fingerprints import fingerprint

        return f" by groups {fingerprint(Dataset({'groups': np.asarray(self.groups)}))}"

    def held(self, rows):
        """How many of `rows` rows a network does not train on."""
        return rows / self.folds if self.folds else rows * self.fraction

    def split(self, strata, rows, seed):
        """Row numbers for training and validation; `strata` is the class of each row, or None."""
        if self.in_time:
            held = min(max(round(rows * self.fraction), 1), rows - 1)
            return np.arange(rows - held), np.arange(rows - held, rows)
        if self.groups is None:
            return split(strata, rows, self.fraction, seed)
        from sklearn.model_selection import GroupShuffleSplit

        parts = GroupShuffleSplit(1, test_size=self.fraction, random_state=seed)
        return next(parts.split(np.zeros(rows), groups=self._checked_groups(rows, 2)))

    def fold_of(self, strata, rows, seed):
        """The fold of each row `(rows,)`.

        Raises:
            DataError: If there are fewer rows, or groups, than folds.
        """
        from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

        if rows < self.folds:
            raise DataError(f"Expected at least {self.folds} rows for {self.folds} folds. Received: {rows}.")
        groups, usable = None, strata is not None and np.bincount(strata).max() >= self.folds
        if self.groups is not None:
            groups, parts = self._checked_groups(rows, self.folds), GroupKFold(self.folds)
        elif usable:
            parts = StratifiedKFold(self.folds, shuffle=True, random_state=seed)
        else:
            parts = KFold(self.folds, shuffle=True, random_state=seed)
        found = np.empty(rows, int)
        import warnings

        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="The least populated class")
            for number, (_, held) in enumerate(parts.split(np.zeros(rows), strata if usable else None, groups)):
                found[held] = number
        return found

    def _checked_groups(self, rows, least):
        groups = np.asarray(self.groups)
        if groups.shape != (rows,):
            raise DataError(f"Expected `groups` to have {rows} values, one a row. Received: shape {groups.shape}.")
        codes = np.unique(groups.astype(str), return_inverse=True)[1]
        if codes.max() + 1 < least:
            raise DataError(f"Expected at least {least} groups. Received: {codes.max() + 1}.")
        return codes
