"""Memory under reorgs: a node that has taken back a thousand branches holds no more than one that took back a few hundred."""
import sys
import time

from support import Node, folder, need, stored

REORGS = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
EVERY = 8  # blocks between two branches that lose
GROWTH_MAX = 1.10


def resident_kb(pid):
    with open(f"/proc/{pid}/status") as lines:
        return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


with folder() as f:
    config = f / "eremos.toml"
    config.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 5\n'
                      f'blocks = {REORGS * EVERY * 2}\nrate = "max"\nreorg_every = {EVERY}\nreorg_depth = 6\n')
    node = Node(f / "data", "--config", config)
    samples = []  # (blocks stored, resident kB)
    while node.alive():
        resident = resident_kb(node.process.pid)
        rows = stored(f / "data", "select block_number from cursors")
        if resident and rows:
            samples.append((rows[0][0], resident))
        time.sleep(0.2)
    need(node.process.returncode == 0, "the node ends by itself at the chain's end")
    blocks = REORGS * EVERY * 2
    # Branches that lost, not blocks: a branch's first block has a parent that stands.
    lost = stored(f / "data", "select count(*) from ledger l where status = 'reverted' and exists (select 1 from ledger p where "
                              "p.chain_id = l.chain_id and p.block_hash = l.parent_hash and p.status = 'canonical')")[0][0]
    need(lost >= 1000, f"{lost} branches that were stored were taken back in {blocks} blocks (more lost before they were stored)")
    third = [max(kb for at, kb in samples if blocks * i // 3 <= at <= blocks * (i + 1) // 3) for i in range(3)]
    need(third[2] <= third[1] * GROWTH_MAX, "memory is flat: at most " + ", ".join(f"{kb / 1024:.0f}" for kb in third) +
         f" MiB in each third, of {len(samples)} samples")
