"""A recording whose heads run ahead of its blocks: each event once, whatever came first, and each unknown type once."""
import itertools
import json

from misbehaving import block, hash_of, receipt, transaction
from support import folder, lines_of, need, replay

transactions = {n: [transaction(n, 0), transaction(n, 1, "0x63")] for n in (1, 2, 3)}  # 0x63: a type nobody knows
blocks = {n: block(n, transactions[n]) for n in (1, 2, 3)}


def line(method, params, result):
    return json.dumps({"chain_id": 1, "method": method, "params": params, "result": result})


def seen_head(n):
    return line("eth_subscription", ["newHeads"], {k: v for k, v in blocks[n].items() if k != "transactions"})


def seen_block(n):
    return line("eth_getBlockByHash", [blocks[n]["hash"], True], blocks[n])


def seen_receipts(n):
    receipts = [receipt(t) for t in transactions[n]]
    receipts[0]["logs"] = [{"address": "0x" + "44" * 20, "topics": [hash_of("Some()")], "data": "0x", "blockNumber": hex(n),
                            "blockHash": blocks[n]["hash"], "transactionHash": transactions[n][0]["hash"],
                            "transactionIndex": "0x0", "logIndex": "0x0", "removed": False}]
    return line("eth_getBlockReceipts", [blocks[n]["hash"]], receipts)


pieces = (seen_head, seen_block, seen_receipts)
with folder() as f:
    for order in itertools.permutations(pieces):
        recording, events = f / "recording.jsonl", f / "events.jsonl"
        events.unlink(missing_ok=True)
        # One kind of piece of all blocks, then the next kind, and all of it once more.
        recording.write_text("\n".join(2 * [piece(n) for piece in order for n in blocks]) + "\n")
        _, summary = replay(recording, "--events", events)
        what = ", ".join(piece.__name__.removeprefix("seen_") for piece in order)
        count = {kind: 0 for kind in ("block", "transaction", "contract_event")}
        for e in lines_of(events):
            if e["type"] in count:
                count[e["type"]] += 1
        need(count == {"block": 3, "transaction": 6, "contract_event": 3}, f"{what}: each event once: {count}")
        need((summary["blocks"], summary["transactions"], summary["logs"]) == (3, 6, 3), f"{what}: the summary counts the same")
        need(summary["unknown_transaction_types"] == 3, f"{what}: each unknown type is counted once")
        need(summary["discontinuities"] == 0, f"{what}: and no hole is seen")
