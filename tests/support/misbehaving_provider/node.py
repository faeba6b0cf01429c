"""What the provider answers: the chain as it stands here, and the lies that the plan wants told of it."""
import asyncio
import collections
import copy
import json
import random
import time

from chain import CANONICAL, quantity
from wire import answer, error

SAFE_BEHIND, FINALIZED_BEHIND = 8, 16
PLANTED_MAX = 100_000
ASKED_MAX = 100_000  # blocks of which it is said when they were first asked for
FETCHES_MAX = 1_024  # blocks of which it is known when they were asked for
PENDING_MAX = 256
LOG_RANGE_MAX = 2_000  # blocks of one eth_getLogs
# What providers say of a range that is too large (N: blocks that are allowed, 0xA and 0xB: a range that works).
TOO_LARGE = (
    (-32602, "Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range and no limit on the "
             "response size, or you can request any block range with a cap of 10K logs in the response. Based on your "
             "parameters and the response size limit, this block range should work: [0xA, 0xB]"),  # Alchemy
    (-32005, "query returned more than 10000 results. Try with this block range [0xA, 0xB]."),  # Infura
    (-32602, "query exceeds max results 20000"),  # reth
    (-32600, "block range is too wide"),  # Ankr
    (-32000, "Block range limit exceeded. See more details at https://docs.chainstack.com/docs/limits"),
    (-32047, "Max range: N"),  # Cloudflare
    (-32614, "eth_getLogs is limited to a N range"),  # QuickNode
    (-32602, "please limit the query to at most N blocks"))  # Coinbase
HOLDS_NOTHING = {"eth_getBalance": "0x0", "eth_getCode": "0x", "eth_getTransactionCount": "0x0", "eth_call": "0x",
                 "eth_syncing": False, "eth_gasPrice": "0x3b9aca00", "web3_clientVersion": "misbehaving-provider/1.0"}


def fits(log, wanted):
    """Whether a log is what a filter wants (execution-apis, eth_getLogs)."""
    addresses = wanted.get("address") or []
    addresses = [addresses] if isinstance(addresses, str) else addresses
    if addresses and log["address"] not in [a.lower() for a in addresses]:
        return False
    for i, topic in enumerate(wanted.get("topics") or []):
        options = [topic] if isinstance(topic, str) else topic or []
        if options and (i >= len(log["topics"]) or log["topics"][i] not in options):
            return False
    return True


class Node:
    def __init__(self, chain, plan):
        self.chain, self.plan = chain, plan
        self.head = 0
        self.standing = {}  # number -> branch, where it is another than the canonical one
        self.calls = collections.Counter()
        self.planted = []  # what was lied about, for whoever compares
        self.told = []  # of those, the ones of the answer that is being made: (when its block was asked for, lie)
        self.asked_at = 0.0  # when the call came that is being answered
        self.asked = {}  # block hash -> when it was first asked for as a whole, and how often
        self.fetches = collections.OrderedDict()  # block hash -> (when it was asked for, lies told of it since)
        self.fetched = None  # the block that the answer which is being made completes
        self.pending = collections.OrderedDict()  # hash -> transaction that waits
        self.refuse_until = 0.0
        self.subscribed = 0
        self.draw = random.Random(f"{chain.seed}/lies")
        self.handlers = {
            "eth_chainId": self.chain_id, "net_version": lambda c, _: answer(c, result=str(chain.chain_id)),
            "eth_blockNumber": lambda c, _: answer(c, result=quantity(self.latest("eth_blockNumber").number)),
            "eth_getBlockByNumber": self.block_by_number, "eth_getBlockByHash": self.block_by_hash,
            "eth_getBlockReceipts": self.receipts, "eth_getLogs": self.logs,
            "eth_getTransactionByHash": self.transaction, "eth_getTransactionReceipt": self.receipt,
            "eth_subscribe": self.subscribe, "eth_unsubscribe": self.unsubscribe}

    # --- the chain as it stands here

    def at(self, number):
        if not 0 <= number <= self.head:
            return None
        return self.chain.block(number, self.standing.get(number, CANONICAL))

    def latest(self, method):
        lie = self.plan.comes("stale_head", method)
        return self.at(max(0, self.head - lie.options["blocks"])) if lie else self.at(self.head)

    def tagged(self, tag, method):
        if tag == "latest":
            return self.latest(method)
        back = {"safe": SAFE_BEHIND, "finalized": FINALIZED_BEHIND}.get(tag)
        if back is not None:
            return self.chain.block(max(0, self.head - back))
        if tag == "earliest":
            return self.at(0)
        return None if tag == "pending" else self.at(int(tag, 16))

    def plant(self, fault, block, field, in_answer=True, has_more=False):
        """`has_more`: nobody judges this answer before the rest of its block is there."""
        if len(self.planted) < PLANTED_MAX:
            self.planted.append({"fault": fault, "field": field, "number": block.number, "hash": block.hash})
            if in_answer:
                began, lies = self.fetches.get(block.hash, (self.asked_at, []))
                if has_more:
                    lies.append(self.planted[-1])
                else:
                    self.told.append((began, self.planted[-1]))

    # --- requests

    async def on_text(self, connection, text):
        """(HTTP status, text) of the answer."""
        if connection.dead:
            return None
        try:
            asked = json.loads(text)
        except ValueError:
            return "200 OK", json.dumps(error({}, -32700, "parse error"))
        if isinstance(asked, list):
            made = [await self.answer(connection, call) for call in asked]
            reply = "200 OK", json.dumps([out for _, out, _ in made])
        else:
            made = [await self.answer(connection, asked)]
            reply = made[0][0], json.dumps(made[0][1])
        delivered = not connection.dead and not connection.is_gone()
        now = time.monotonic()
        for began, lie in (told for _, _, lies in made for told in lies):
            _, times = self.asked.get(lie["hash"], (began, 0))
            lie |= {"delivered": delivered, "at": round(now, 3), "seconds": round(now - began, 3), "asked": times}
        return reply if not connection.dead else None

    async def answer(self, connection, call):
        """(HTTP status, answer, the lies in it)."""
        status, out = await self._answer(connection, call)
        lies, self.told = self.told, []
        if self.fetched:  # only now has whoever asked all of the block
            began, before = self.fetches.pop(self.fetched)
            lies += [(began, lie) for lie in before]
            self.fetched = None
        return status, out, lies

    async def _answer(self, connection, call):
        if not isinstance(call, dict) or not isinstance(call.get("params", []), list):
            return "200 OK", error({}, -32600, "invalid request")
        method = call.get("method")
        if method == "misbehaving_report":
            return "200 OK", answer(call, result=self.report())
        self.calls[method] += 1
        limit = self.plan.comes("rate_limit")
        if limit:
            self.refuse_until = time.monotonic() + limit.options["seconds"]
        if limit or time.monotonic() < self.refuse_until:
            return "429 Too Many Requests", error(call, -32005, "too many requests")
        asked_at = time.monotonic()
        slow = self.plan.comes("slow_answer")
        if slow:
            await asyncio.sleep(slow.options["seconds"])
        self.asked_at = asked_at
        if method in HOLDS_NOTHING:
            return "200 OK", answer(call, result=HOLDS_NOTHING[method])
        handler = self.handlers.get(method)
        if handler is None:
            return "200 OK", error(call, -32601, f"the method {method} does not exist/is not available")
        try:
            return "200 OK", handler(call, connection)
        except (ValueError, IndexError, TypeError, AttributeError) as e:
            return "200 OK", error(call, -32602, f"invalid params: {e}")

    def chain_id(self, call, _):
        lie = self.plan.comes("wrong_chain_id", call["method"])
        return answer(call, result=quantity(self.chain.chain_id + (1 if lie else 0)))

    def block_by_number(self, call, _):
        number, full = (*call["params"], False)[:2]
        return self.block(call, self.tagged(number, call["method"]), full)

    def block_by_hash(self, call, _):
        block_hash, full = (*call["params"], False)[:2]
        return self.block(call, self.chain.named(block_hash), full)

    def block(self, call, block, full):
        if block is None:
            return answer(call, result=None)
        out = block.as_json(full)
        if full:  # a header alone is no block
            # Of several at once the first: what an answer belongs to cannot be told from outside.
            began, lies = self.fetches.get(block.hash, (self.asked_at, []))
            self.fetches[block.hash] = (began, lies)
            first, times = self.asked.get(block.hash, (self.asked_at, 0))
            if times or len(self.asked) < ASKED_MAX:
                self.asked[block.hash] = (first, times + 1)
            while len(self.fetches) > FETCHES_MAX:
                self.fetches.popitem(last=False)
            lie = self.plan.comes("wrong_hash", call["method"])
            if lie:
                field = "hash" if lie.made % 2 else "stateRoot"
                out[field] = "0x" + self.draw.randbytes(32).hex()
                self.plant("wrong_hash", block, field, has_more=field != "hash")
            if block.transactions and self.plan.comes("wrong_from", call["method"]):
                out = copy.deepcopy(out)
                self.draw.choice(out["transactions"])["from"] = "0x" + self.draw.randbytes(20).hex()
                self.plant("wrong_from", block, "from", has_more=True)
        return answer(call, result=out)

    def receipts(self, call, _):
        if self.plan.comes("no_receipts", call["method"]):
            return error(call, -32601, f"the method {call['method']} does not exist/is not available")
        which = call["params"][0]
        block = self.chain.named(which) if len(which) == 66 else self.tagged(which, call["method"])
        if block is None:
            return answer(call, result=None)
        self.fetched = block.hash if block.hash in self.fetches else None
        out = block.receipts
        if block.logs() and self.plan.comes("missing_log", call["method"]):
            out = copy.deepcopy(out)
            logs = self.draw.choice([r["logs"] for r in out if r["logs"]])
            del logs[self.draw.randrange(len(logs))]
            self.plant("missing_log", block, "logs")
        if out and self.plan.comes("wrong_bloom", call["method"]):
            out = copy.deepcopy(out)
            self.draw.choice(out)["logsBloom"] = "0x" + self.draw.randbytes(256).hex()
            self.plant("wrong_bloom", block, "logsBloom")
        return answer(call, result=out)

    def too_large(self, call, first, last):
        """The refusal of a range, or None."""
        if first == last or not (limit := self.plan.comes("log_limit", call["method"])):
            return None
        allowed = max(1, limit.options["blocks"])
        if last - first < allowed:
            limit.made -= 1
            return None
        code, text = TOO_LARGE[(limit.made - 1) % len(TOO_LARGE)]
        for mark, value in (("0xA", hex(first)), ("0xB", hex(first + allowed - 1)), (" N", f" {allowed}")):
            text = text.replace(mark, value)
        return error(call, code, text)

    def logs(self, call, _):
        wanted = call["params"][0]
        if "blockHash" in wanted:
            block = self.chain.named(wanted["blockHash"])
            if block is None:
                return error(call, -32000, "unknown block")
            blocks = [block]
        else:
            first, last = (self.tagged(wanted.get(key, "latest"), "eth_getLogs") for key in ("fromBlock", "toBlock"))
            if first is None or last is None:
                return error(call, -32000, "header not found")
            if last.number - first.number >= LOG_RANGE_MAX:
                return error(call, -32602, f"block range is too wide, at most {LOG_RANGE_MAX}")
            if refusal := self.too_large(call, first.number, last.number):
                return refusal
            blocks = [self.at(n) for n in range(first.number, last.number + 1)]
        out = [log for b in blocks for log in b.logs() if fits(log, wanted)]
        if len(blocks) > 1 and out and self.plan.comes("foreign_log", call["method"]):
            which = self.draw.randrange(len(out))
            self.plant("foreign_log", next(b for b in blocks if b.hash == out[which]["blockHash"]), "blockHash")
            out[which] = {**out[which], "blockHash": "0x" + self.draw.randbytes(32).hex()}
        return answer(call, result=out)

    def _mined(self, transaction_hash):
        """(block, index) of a transaction of the last blocks."""
        for number in range(self.head, max(-1, self.head - 64), -1):
            for index, t in enumerate(self.at(number).transactions):
                if t["hash"] == transaction_hash:
                    return self.at(number), index
        return None

    def transaction(self, call, _):
        found = self._mined(call["params"][0])
        return answer(call, result=found[0].transactions[found[1]] if found else self.pending.get(call["params"][0]))

    def receipt(self, call, _):
        found = self._mined(call["params"][0])
        return answer(call, result=found[0].receipts[found[1]] if found else None)

    # --- subscriptions

    def subscribe(self, call, connection):
        what, more = (*call["params"], None)[:2]
        if not connection.is_websocket:
            return error(call, -32601, "notifications not supported")
        if what not in ("newHeads", "logs", "newPendingTransactions"):
            return error(call, -32602, f"no subscription {what}")
        self.subscribed += 1
        connection.subscriptions[quantity(0x1000 + self.subscribed)] = (what, more)
        return answer(call, result=quantity(0x1000 + self.subscribed))

    def unsubscribe(self, call, connection):
        return answer(call, result=connection.subscriptions.pop(call["params"][0], None) is not None)

    def add_pending(self, transactions):
        for t in transactions:
            self.pending[t["hash"]] = t
        while len(self.pending) > PENDING_MAX:
            self.pending.popitem(last=False)

    def report(self):
        return {"head": self.head, "calls": sum(self.calls.values()), "methods": dict(self.calls),
                "faults": {name: f.made for name, f in self.plan.faults.items()}, "planted": self.planted,
                "first_asked": {block: round(first, 3) for block, (first, _) in self.asked.items()}}
