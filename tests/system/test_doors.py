"""A provider's two URLs, its poorer plans, its junk and its ways to show a mempool."""
import asyncio
import json
import time

from misbehaving import Provider, answers, block, config, hash_of, head, receipt, stats, transaction
from support import Node, folder, lines_of, need, stored, wait_until

blocks = [block(n, [transaction(n, 0)]) for n in range(100, 110)]


async def quiet(send):
    pass


def pending(content, subscription="0xaaaa"):
    return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription",
                       "params": {"subscription": subscription, "result": content}})


def waiting(n):
    """A transaction that no block has yet."""
    return {k: v for k, v in transaction(n, 0).items() if not k.startswith("block")} | {"transactionIndex": None}


def numbers(data):
    return [n for (n,) in stored(data, "select block_number from ledger where status = 'canonical' order by block_number")]


def mempool_of(events):
    return sorted(e["data"]["hash"] for e in lines_of(events) if e["type"] == "mempool" and e["data"]["pending"]) if events.exists() else []


# --- a WebSocket of another chain than the HTTP URL: nothing of it becomes an event
async def foreign(send):
    await asyncio.sleep(0.2)
    send(head(block(5_000_000)))
    send(pending(waiting(7)))


def subscribe_all(p):
    return {"result": {"newHeads": "0xbeef", "newPendingTransactions": "0xaaaa"}.get(p[0], "0x1095")}


for claim, ws_chain, http_chain in (("the WebSocket", "0x89", "0x1"), ("the HTTP URL", "0x1", "0x89")):
    ws = Provider(answers(blocks, lambda: blocks[0], eth_chainId=lambda _: {"result": ws_chain}, eth_subscribe=subscribe_all), foreign)
    http = Provider(answers(blocks, lambda: blocks[0], eth_chainId=lambda _: {"result": http_chain}))
    with folder() as f:
        node = Node(f / "data", "--config", config(f / "eremos.toml", ws=f"ws://127.0.0.1:{ws.port}", http=f"http://127.0.0.1:{http.port}"),
                    "--events", f / "events.jsonl")
        wait_until(lambda: stats(f / "data")[1].get("wrong_chain"), 20, f"{claim} of another chain is refused")
        chain, _ = stats(f / "data")
        need(chain["state"] == "connecting" and chain["connector"]["providers"][0]["state"] == "wrong_chain", "and said to be what it is")
        need(chain["blocks"] == 0 and chain["mempool"] == 0, "nothing came through the other door")
        need("eth_subscribe" not in ws.asked, "which was not used")
        need(node.stop() == 0, "the node drains and exits 0")

# --- heads are polled where there is no WebSocket
shown = blocks[:1]
http = Provider(answers(shown, lambda: shown[-1]))
with folder() as f:
    data = f / "data"
    node = Node(data, "--config", config(f / "eremos.toml", http=f"http://127.0.0.1:{http.port}", poll="50ms"))
    for b in blocks[1:5]:
        wait_until(lambda: numbers(data)[-1:] == [int(shown[-1]["number"], 16)], 20, f"block {int(shown[-1]['number'], 16)} is polled for")
        shown.append(b)
    shown += blocks[5:]
    wait_until(lambda: numbers(data) == list(range(100, 110)), 20, "blocks between two looks are not lost")
    need(stats(data)[0]["state"] == "following", "a chain without a WebSocket is followed")
    need(node.stop() == 0, "the node drains and exits 0")

# --- no receipts to be had: logs instead, and receipts again with the next connection
refusals = {
    "a plan without receipts": {"error": {"code": -32600, "message": "eth_getBlockReceipts is not available on the Free tier - "
                                                                     "upgrade to Pay As You Go, or Enterprise for access."}},
    "receipts by number only": {"error": {"code": -32602, "message": "invalid argument 0: hex string has length 64"}},
    "null instead of receipts": {"result": None}}
for claim, refusal in refusals.items():
    refused = [True]

    async def one_more(send):
        await asyncio.sleep(0.1)
        send(head(blocks[1]))

    def receipts(p):
        if refused[0]:
            return refusal
        return {"result": [receipt(t) for b in blocks if b["hash"] == p[0] for t in b["transactions"]]}

    ws = Provider(answers(blocks, lambda: blocks[0 if refused[0] else 2], eth_getBlockReceipts=receipts), one_more)
    with folder() as f:
        data = f / "data"
        node = Node(data, "--config", config(f / "eremos.toml", ws=f"ws://127.0.0.1:{ws.port}"), "--events", f / "events.jsonl")
        wait_until(lambda: numbers(data) == [100, 101], 20, f"{claim}: logs are asked for")
        need(ws.asked["eth_getLogs"] == 2, "once for each block")
        refused[0] = False
        ws.loop.call_soon_threadsafe(ws.drop)
        wait_until(lambda: numbers(data) == [100, 101, 102], 20, "the chain goes on with the next connection")
        need(node.stop() == 0, "the node drains and exits 0")
        gas = [e["data"].get("gas_used") for e in lines_of(f / "events.jsonl") if e["type"] == "transaction"]
        need(gas[:2] == [None, None] and gas[2] is not None, f"which is asked for receipts again: {gas}")

# --- a junk number of a head does not end what log notifications are for
few = blocks[:1]
LOG = {"address": "0x" + "44" * 20, "topics": [hash_of("Some()")], "data": "0x", "blockNumber": blocks[2]["number"],
       "blockHash": blocks[2]["hash"], "transactionHash": blocks[2]["transactions"][0]["hash"], "transactionIndex": "0x0",
       "logIndex": "0x0", "removed": False}


async def junk(send):
    await asyncio.sleep(0.2)
    send(head(block(5_000_000)))
    few.append(blocks[1])
    send(head(blocks[1]))
    while len(few) < 3:
        await asyncio.sleep(0.05)
    send(pending(LOG, "0x1095"))


def receipts_with_log(p):
    found = next(b for b in few if b["hash"] == p[0])
    return {"result": [{**receipt(t), "logs": [LOG] if found is blocks[2] else []} for t in found["transactions"]]}


ws = Provider(answers(few, lambda: blocks[0], eth_subscribe=subscribe_all, eth_getBlockReceipts=receipts_with_log), junk)
with folder() as f:
    node = Node(f / "data", "--config", config(f / "eremos.toml", ws=f"ws://127.0.0.1:{ws.port}"))
    wait_until(lambda: numbers(f / "data") == [100, 101], 20, "a head follows one with a junk number")
    few.append(blocks[2])
    wait_until(lambda: numbers(f / "data") == [100, 101, 102], 20, "a log starts the fetch of its block")
    need(node.stop() == 0, "the node drains and exits 0")

# --- a session that is cut as soon as it stands is not begun at full speed for ever
ws = Provider(answers(blocks, lambda: blocks[0], eth_subscribe=lambda _: {"error": {"code": -32005, "message": "daily limit"}}), quiet)
with folder() as f:
    node = Node(f / "data", "--config", config(f / "eremos.toml", ws=f"ws://127.0.0.1:{ws.port}"))
    wait_until(lambda: ws.connections >= 3, 20, "a provider that refuses heads is tried again")
    time.sleep(3)
    need(ws.connections <= 8, f"with growing pauses: {ws.connections} connections in about 4 s")
    need(node.stop() == 0, "the node drains and exits 0")


# --- the mempool, whole and by hash
late = {hash_of("transaction 8/0"): 1}  # not there when it is asked for first


def by_hash(p):
    if late.get(p[0], 0) > 0:
        late[p[0]] -= 1
        return {"result": None}
    known = {hash_of(f"transaction {n}/0"): waiting(n) for n in (7, 8)}
    if p[0] == hash_of("transaction 9/0"):
        return {"error": {"code": -32005, "message": "rate limit"}}
    return {"result": known.get(p[0])}


async def hashes(send):
    await asyncio.sleep(0.2)
    for n in (9, 7, 8, 6):  # of 9 the look-up fails, of 6 nobody knows anything
        send(pending(hash_of(f"transaction {n}/0")))


async def whole(send):
    await asyncio.sleep(0.2)
    send(pending(waiting(7)))


def no_second_parameter(p):
    return {"error": {"code": -32602, "message": "too many arguments"}} if len(p) > 1 and p[0] != "logs" else subscribe_all(p)


for claim, mempool, subscribe, script, wanted in (
        ("full", "full", subscribe_all, whole, [7]), ("hash", "hash", subscribe_all, hashes, [6, 7, 8, 9]),
        ("full, of a provider that sends hashes", "full", subscribe_all, hashes, [7, 8]),
        ("full, of a provider that refuses it", "full", no_second_parameter, hashes, [7, 8])):
    late[hash_of("transaction 8/0")] = 1
    ws = Provider(answers(blocks, lambda: blocks[0], eth_subscribe=subscribe, eth_getTransactionByHash=by_hash), script)
    with folder() as f:
        data, events = f / "data", f / "events.jsonl"
        node = Node(data, "--config", config(f / "eremos.toml", ws=f"ws://127.0.0.1:{ws.port}", mempool=mempool), "--events", events)
        wait_until(lambda: stats(data)[0].get("mempool") == len(wanted), 20, f"mempool {claim}: {len(wanted)} transactions")
        if wanted == [7, 8]:
            wait_until(lambda: stats(data)[1].get("pending_gone") == 1, 20, "one that is gone is counted")
            need(stats(data)[1].get("pending_look_up_failed") == 1, "and one whose look-up failed")
            need(ws.asked["eth_getTransactionByHash"] == 6, "what is not there is asked for once more")
        else:
            need("eth_getTransactionByHash" not in ws.asked, "nothing is looked up")
        need(node.stop() == 0, "the node drains and exits 0")
