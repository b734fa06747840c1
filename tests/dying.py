"""A plugin with which a process ends, as if killed, when it first does the round that DIES_IN names."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from stages import clustering, dedup_sentence

ROUND = os.environ["DIES_IN"]
MARK = Path(os.environ["DIES_ONCE"])


def dying(method):
    def called(*arguments):
        found = method(*arguments)
        if not MARK.exists():
            MARK.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return found

    return called


for cls in (clustering.Clustering, dedup_sentence.DedupSentence):
    if ROUND in vars(cls):
        setattr(cls, ROUND, dying(vars(cls)[ROUND]))
