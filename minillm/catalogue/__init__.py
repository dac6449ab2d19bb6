"""The models of the book's tables 1.1 and 1.2, and the published training runs, as data.

Each row carries its source; where the book errs, the row holds the corrected value and names the erratum. Nine
Chinese chat systems for which table 1.2 gives neither size nor data are left out.
"""

from minillm.catalogue.models import Model, load, read_models
from minillm.catalogue.runs import TrainingRun, load_runs, read_runs

__all__ = ["Model", "TrainingRun", "load", "load_runs", "read_models", "read_runs"]
