"""Memory under reorgs: a node that has taken back a thousand branches holds no more than one that took back a few hundred."""
import sys
import time

from support import Node, folder, need, stored

SLOTS = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
EVERY = 4  # blocks between two branches that may lose
BLOCKS = SLOTS * EVERY
GROWTH_MAX = 1.10


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as lines:
        return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


with folder() as f:
    config = f / "eremos.toml"
    config.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 5\n'
                      f'blocks = {BLOCKS}\nrate = 2500\nreorg_every = {EVERY}\nreorg_depth = 3\n')
    node = Node(f / "data", "--config", config)
    samples = []  # (blocks stored, resident kB)
    while node.alive():
        resident = resident_kb(node.process.pid)
        rows = stored(f / "data", "select block_number from cursors")
        if resident and rows:
            samples.append((rows[0][0], resident))
        time.sleep(0.2)
    need(node.process.returncode == 0, "the node ends by itself at the chain's end")
    # A branch ends at every EVERY-th block; a node that is behind never follows it. A parent is known of blocks that had
    # been stored.
    branches = stored(f / "data", f"select (block_number + {EVERY - 1}) / {EVERY}, max(parent_hash is not null) from ledger "
                                  "where status = 'reverted' group by 1")
    retracted = sum(was_stored for _, was_stored in branches)
    need(len(branches) >= SLOTS // 10, f"{len(branches)} branches lost in {BLOCKS} blocks, {retracted} of them after they were stored")
    third = [max(kb for at, kb in samples if BLOCKS * i // 3 <= at <= BLOCKS * (i + 1) // 3) for i in range(3)]
    need(third[2] <= third[1] * GROWTH_MAX, "memory is flat: at most " + ", ".join(f"{kb / 1024:.0f}" for kb in third) +
         f" MiB in each third, of {len(samples)} samples")
