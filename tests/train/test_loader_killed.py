"""A trainer of several ranks that is killed again and again, and each time started with another number of ranks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from packed_folders import encode, packed_folder

ROOT = Path(__file__).parent.parent.parent
TRAINER = """
import json, os, signal, sys
import numpy as np
from train.account import Account, check, settle
from train.loader import Loader
folder, place, world, most = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
def rank(number):
    phases = [({"en": 0.7, "zh": 0.3}, 3000), ({"zh": 1.0}, 1000)]
    return Loader.open(folder, batch_sequences=6, phases=phases, max_epochs=1e6, rank=number, world=world)
ranks, used = [rank(number) for number in range(world)], []
served = [Account.of(one) for one in ranks]
if os.path.exists(place):
    state = json.load(open(place))
    used = state["used"]
    served[0].load_state_dict(state["served"])
    for one in ranks:
        one.load_state_dict(state["loader"])
if ranks[0].step >= 9 and not ranks[0].skipped:
    for one in ranks:
        one.skip(11, 13)
for done, parts in enumerate(zip(*ranks)):
    if done == most:
        os.kill(os.getpid(), signal.SIGKILL)
    for account, part in zip(served, parts):
        account.add(part)
    for account in served[1:]:
        served[0].merge(account)
        account.counts[:] = 0
    used.append(np.concatenate([part.inputs for part in parts]).tolist())
    with open(place + ".tmp", "w") as file:
        json.dump({"loader": ranks[0].state_dict(), "served": served[0].state_dict(), "used": used}, file)
    os.replace(place + ".tmp", place)
told = settle(ranks[0], served[0])
check(told)
print(json.dumps({"used": used, "account": told}))
"""


def trained(folder, place, *parts):
    """What trainers come to that are started one after another, each (ranks, batches until it is killed)."""
    for world, most in parts:
        command = [sys.executable, "-c", TRAINER, str(folder), str(place), str(world), str(most)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
    assert done.returncode == 0
    return json.loads(done.stdout)


def test_killed_between_a_batch_and_its_record_nothing_is_lost_or_twice(tmp_path):
    texts = {
        "en": [f"Tale {n}: once upon a time. " * (1 + n % 3) for n in range(25)],
        "zh": [f"第{n}回" * 9 for n in range(9)],
    }
    packed_folder(
        tmp_path / "packed", {name: [encode(text) for text in one] for name, one in texts.items()}, sequence_tokens=32
    )
    killed = trained(tmp_path / "packed", tmp_path / "a", (1, 4), (3, 5), (6, 2), (2, 10**6))
    whole = trained(tmp_path / "packed", tmp_path / "b", (1, 9), (1, 10**6))
    assert killed == whole
    assert killed["account"]["skipped_windows"] == [[11, 13]]
    assert len(killed["used"]) == killed["account"]["steps"] == killed["account"]["windows"] - 2 > 14
