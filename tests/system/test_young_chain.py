"""A node that knows few blocks: a reorg of its first block, heads that lag, a block that is late on a quiet chain."""
import asyncio

from misbehaving import Provider, answers, block, config, head, sibling, stats
from support import Node, folder, lines_of, need, stored, wait_until

blocks = [block(n) for n in range(98, 102)]
first = blocks[2]
other = sibling(first, "another 100")
after = sibling(blocks[3], "after another 100", other["hash"])
late = sibling(block(102), "late", after["hash"])
latest, shown = first, [*blocks, other, after]
say = asyncio.Event()


async def script(send):
    """The first connection hears of a reorg of the first block, between heads of a backend that lags behind."""
    if latest is not first:
        return
    await asyncio.sleep(0.5)
    for b in (blocks[1], other, blocks[0], after, blocks[1]):
        send(head(b))
        await asyncio.sleep(0.2)
    while late not in shown:  # announced before anybody has it; nothing is announced after it
        if say.is_set():
            send(head(late))
            return
        await asyncio.sleep(0.05)


def canonical(data):
    return [x.hex() if isinstance(x, bytes) else str(x).removeprefix("0x") for (x,) in stored(
        data, "select block_hash from ledger where status = 'canonical' order by block_number")]


def hashes(*wanted):
    return [b["hash"][2:] for b in wanted]


provider = Provider(answers(shown, lambda: latest), script)
with folder() as f:
    data, events = f / "data", f / "events.jsonl"
    made = config(f / "eremos.toml", ws=f"ws://127.0.0.1:{provider.port}")
    node = Node(data, "--config", made, "--events", events)
    wait_until(lambda: canonical(data) == hashes(other, after), 20, "the new branch replaces the first block")
    chain, _ = stats(data)
    need(chain["state"] == "following", "the chain goes on")
    need(chain["head"] == 101, "its head is the provider's")
    need(chain["duplicates"] >= 2, "lagging heads are counted")
    need(chain["reverted"] == 1, "and take nothing back")

    provider.loop.call_soon_threadsafe(say.set)
    wait_until(lambda: stats(data)[1].get("null_block", 0) >= 5, 20, "a block that is announced and not there is given up")
    shown.append(late)
    wait_until(lambda: canonical(data) == hashes(other, after, late), 20, "it is committed once it is there, without another head")
    need(node.stop() == 0, "the node drains and exits 0")

    branch = [sibling(block(100), "third 100"), None, None]
    branch[1] = sibling(block(101), "third 101", branch[0]["hash"])
    branch[2] = sibling(block(102), "third 102", branch[1]["hash"])
    shown += branch
    latest = branch[2]
    node = Node(data, "--config", made, "--events", events)
    wait_until(lambda: canonical(data) == hashes(*branch), 20, "after a restart all it knew may be replaced as well")
    need(node.stop() == 0, "the node drains and exits 0")

    left = []
    for e in lines_of(events):
        if e["type"] == "reverted":
            left = [x for x in left if x != e["block_hash"]]
        elif e["type"] == "block":
            left.append(e["block_hash"])
    need(left == [b["hash"] for b in branch], "what is written, read with its reverts, is the final chain")
