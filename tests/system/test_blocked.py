"""A provider that answers with what cannot be a block: the chain says that it is blocked, and loses nothing."""
import asyncio

from misbehaving import Provider, answers, block, config, head, stats, transaction
from support import Node, folder, lines_of, need, stored, wait_until

blocks = [block(n, [transaction(n, 0)]) for n in range(100, 106)]
served = list(blocks)
served[1] = {**blocks[1], "transactions": [{**transaction(101, 0), "from": None}]}
wrong = [0]


def by_number(params):
    if params[0] == "latest":
        return {"result": blocks[0]}
    if params[0] == blocks[3]["number"] and wrong[0] < 4:
        wrong[0] += 1
        return {"result": blocks[0]}  # one that is known already
    return {"result": next((b for b in served if b["number"] == params[0]), None)}


async def script(send):
    await asyncio.sleep(0.3)
    send(head(blocks[2]))
    await asyncio.sleep(0.1)
    send(head({**blocks[2], "number": "0x4c4b40"}))  # a junk number, taken back by the next head
    await asyncio.sleep(0.1)
    send(head(blocks[5]))


provider = Provider(answers(served, lambda: blocks[0], eth_getBlockByNumber=by_number), script)
with folder() as f:
    data, events = f / "data", f / "events.jsonl"
    node = Node(data, "--config", config(f / "eremos.toml", ws=f"ws://127.0.0.1:{provider.port}"), "--events", events)
    wait_until(lambda: stats(data)[0].get("state") == "blocked", 40, "a block that cannot be read blocks the chain")
    wait_until(lambda: "refused 8 times" in (f / "node.log").read_text(), 5, "which is told as an error")
    need(stats(data)[0]["head"] == 105, "the head is the provider's last, whatever number came before")
    need(provider.asked["eth_getBlockByNumber"] < 40, "with pauses between the tries")
    served[1] = blocks[1]
    wait_until(lambda: stored(data, "select 1 from ledger where block_number = 105"), 60, "it goes on when the block comes")
    chain, bad = stats(data)
    need(chain["state"] == "following", "and is blocked no more")
    need(bad["malformed_block"] >= 8, "malformed blocks were counted")
    need(bad["wrong_block"] == 4, "and so were answers that were another block")
    need(node.stop() == 0, "the node drains and exits 0")
    need([e["block_number"] for e in lines_of(events) if e["type"] == "block"] == list(range(100, 106)),
         "every block came once, in order")
