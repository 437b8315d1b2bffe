"""What was saved, in any process: the facade itself, or a `Predictor` where it cannot be told in JSON."""

import json
import warnings
from pathlib import Path

from kerasnas.loop.journal import FILE as JOURNAL
from kerasnas.tasks import predictor
from kerasnas.tasks.described import revived


def load(folder):
    """The fitted facade that was saved into a folder, by `save` or by a run: it answers, exports, and searches on.

    An `AutoModel` with blocks of the user's own, or with functions as their arguments, comes back as a `Predictor`,
    which answers and exports; a warning says why, and how to search on.

    Args:
        folder: The folder. `fit` with the same data goes on with the run in it.

    Raises:
        ExportError: If the folder does not hold a model.
    """
    folder = Path(folder).resolve()
    found = predictor.load(folder)
    told = json.loads((folder / predictor.ABOUT).read_text()).get("facade")
    if told is None:  # a Predictor was saved
        return found
    if "reason" in told:
        warnings.warn(
            f"Expected classes of kerasnas's own, with arguments that JSON can hold. Received: {told['reason']}. It "
            "was loaded as a Predictor, which predicts, evaluates and exports. To search on, make the same "
            f"{told['class']} in Python with directory={str(folder.parent)!r} and project_name={folder.name!r}, and "
            "`fit` it with the same data.",
            stacklevel=2,
        )
        return found
    model = revived(told, folder)
    model.predictor_, model.folder_ = found, folder
    model.trials_, model.best_architecture_ = [], None
    if (folder / JOURNAL).exists():
        from kerasnas.report.record import record

        known = record(folder)
        model.trials_ = list(known.trials)
        model.best_architecture_ = known.ranked[0].proposal.architecture
    return model
