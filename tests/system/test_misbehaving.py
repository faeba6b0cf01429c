"""A provider that sends junk: each kind is counted and named, the session goes on, and no block is lost."""
import asyncio
import json

from misbehaving import Provider, answers, block, config as config_of, hash_of, receipt, stats, transaction
from support import Node, folder, lines_of, need, run, stored, wait_until

transactions = {n: [transaction(n, 0), transaction(n, 1, "0x63")] for n in range(1, 6)}  # 0x63: a type nobody knows
blocks = {n: block(n, transactions.get(n, [])) for n in range(6)}
by_hash = {b["hash"]: b for b in blocks.values()}
refused = {"null": 2, "receipts": 1, "logs": 2}
LOG = {"address": "0x" + "44" * 20, "topics": [hash_of("Some()")], "data": "0x", "blockNumber": "0x5",
       "blockHash": hash_of("block 5"), "transactionHash": transactions[5][0]["hash"], "transactionIndex": "0x0",
       "logIndex": "0x0", "removed": False}


def answer(found):
    if found and found["number"] == "0x3" and refused["null"] > 0:
        refused["null"] -= 1
        return {"result": None}
    return {"result": found}


def get_by_hash(params):
    return answer(by_hash.get(params[0]))


def get_by_number(params):
    if params[0] in ("safe", "finalized"):
        return {"result": None}
    return answer(blocks.get(1 if params[0] == "latest" else int(params[0], 16)))


def get_receipts(params):
    found = by_hash[params[0]]
    if found["number"] == "0x4" and refused["receipts"] > 0:
        refused["receipts"] -= 1
        return {"result": []}
    receipts = [receipt(t) for t in found["transactions"]]
    if found["number"] == "0x5":  # the subscription showed this log; the first two answers lack it
        refused["logs"] -= 1
        if refused["logs"] < 0:
            receipts[0]["logs"] = [LOG]
    return {"result": receipts}


async def script(send):
    def head(n):
        return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription",
                           "params": {"subscription": "0xbeef", "result": {**blocks[n], "transactions": None}}})
    await asyncio.sleep(0.2)
    send("this is no JSON")
    send('{"jsonrpc":"2.0","error":{"code":-32000,"message":"no id, see wss://node.example/v3/SECRET"}}')
    send('{"jsonrpc":"2.0","id":424242,"result":"0x1"}')
    send('{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xdead","result":{}}}')
    send('{"jsonrpc":"2.0","method":"eth_subscription","params":{"subscription":"0xbeef","result":{"number":"0x2"}}}')
    send('{"what":"is this"}')
    send("[" * 100_000)
    def log(**more):
        return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription",
                           "params": {"subscription": "0x1095", "result": {**LOG, **more}}})
    send(log(logIndex="what"))
    send(log(blockHash=hash_of("another branch"), removed=True))
    send(log())  # the first that is heard of block 5: no head has announced it
    await asyncio.sleep(0.3)
    send(log())
    for n in (2, 3, 3, 5, 4, 5):
        send(head(n))
        await asyncio.sleep(0.1)


provider = Provider({"eth_chainId": lambda _: {"result": "0x1"},
                     "eth_subscribe": lambda p: {"result": "0xbeef"} if p[0] == "newHeads" else
                     {"result": "0x1095"} if p[0] == "logs" else
                     {"error": {"code": -32602, "message": "no such subscription"}},
                     "eth_getBlockByHash": get_by_hash, "eth_getBlockByNumber": get_by_number,
                     "eth_getBlockReceipts": get_receipts}, script)
with folder() as f:
    data, events = f / "data", f / "events.jsonl"
    config = f / "eremos.toml"
    config.write_text(f'[chains.ethereum]\nstart = 1\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                      f'ws = "ws://127.0.0.1:{provider.port}/v3/SECRET"\n')
    node = Node(data, "--config", config, "--events", events)
    wait_until(lambda: stored(data, "select 1 from ledger where block_number = 5"), 30, "the last block is stored")
    code, out, _ = run("stats", "--data-dir", data, "--json")
    chain = json.loads(out.splitlines()[0])["chains"][0]
    bad = {b["kind"]: b for b in chain["connector"]["bad"]}
    for kind, count in (("malformed", 2), ("rpc_error", 1), ("unasked_answer", 1), ("unknown_subscription", 1),
                        ("malformed_head", 1), ("unknown_frame", 1), ("null_block", 2), ("receipts_missing", 1),
                        ("malformed_log", 1), ("logs_missing", 2),
                        ("subscription_refused", 1)):
        need(kind in bad and bad[kind]["count"] >= count, f"{kind} is counted: {bad.get(kind, {}).get('count')}")
    need(chain["unknown_transaction_types"] == 5, "unknown transaction types are counted, and their blocks taken")
    need(node.stop() == 0, "the node drains and exits 0")
    written = lines_of(events)
    numbers = [e["block_number"] for e in written if e["type"] == "block"]
    need(numbers == [1, 2, 3, 4, 5], "every block came once, in order")
    need(len([e for e in written if e["type"] == "transaction"]) == 10, "with every transaction")
    need(len([e for e in written if e["type"] == "contract_event"]) == 1,
         "a log that the subscription showed and the first answers lacked is there, once")
    said = (f / "node.log").read_text() + out + json.dumps(bad)
    need("SECRET" not in said, "the key in the provider's URL is nowhere to be read")

# --- one that cannot name its head at first, on a chain that stands still: no notification will ever tell what was missed
missed = [block(n) for n in range(100, 104)]
well_behaved = answers(missed, lambda: missed[-1])
refusals = [{"error": {"code": -32000, "message": "header not found"}}, {"error": {"code": -32603, "message": "internal error"}},
            {"result": {"number": "0x2"}}]


def latest_refused(params):
    return refusals.pop(0) if params[0] == "latest" and refusals else well_behaved["eth_getBlockByNumber"](params)


provider = Provider({**well_behaved, "eth_getBlockByNumber": latest_refused})
with folder() as f:
    made = config_of(f / "eremos.toml", start=100, ws=f"ws://127.0.0.1:{provider.port}", poll="50ms")
    node = Node(f / "data", "--config", made)
    wait_until(lambda: stats(f / "data")[0].get("committed") == 103, 20, "a head that was refused three times is asked for again")
    need(not refusals and stats(f / "data")[1].get("malformed_head") == 1, "each refusal was met")
    need(node.stop() == 0, "the node drains and exits 0")
