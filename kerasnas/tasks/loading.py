"""What was saved, in any process: the facade itself, or a `Predictor` where it was drawn in Python."""

import json
from pathlib import Path

from kerasnas.loop.journal import FILE as JOURNAL
from kerasnas.tasks import predictor
from kerasnas.tasks.described import FACADES, revived


def load(folder):
    """The fitted facade that was saved into a folder, by `save` or by a run: it answers, exports, and searches on.

    An `AutoModel` of blocks drawn in Python comes back as a `Predictor`, which answers and exports.

    Args:
        folder: The folder. `fit` with the same data goes on with the run in it.

    Raises:
        ExportError: If the folder does not hold a model.
    """
    folder = Path(folder).resolve()
    found = predictor.load(folder)
    told = json.loads((folder / predictor.ABOUT).read_text()).get("facade")
    if told is None or told["class"] not in FACADES:
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
