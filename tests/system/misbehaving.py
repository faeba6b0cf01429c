"""Providers that serve a few made-up blocks and misbehave as a test tells them, word for word; and the program
misbehaving-provider, which serves a whole chain and misbehaves by plan. Standard library only."""
import asyncio
import hashlib
import json
import subprocess
import sys
import threading

from support import ROOT, need, run

sys.path.append(str(ROOT / "tests/support/misbehaving_provider"))
from wire import Listener  # noqa: E402


def hash_of(text):
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


def block(number, transactions=()):
    return {"number": hex(number), "hash": hash_of(f"block {number}"), "parentHash": hash_of(f"block {number - 1}"),
            "timestamp": hex(1_700_000_000 + 12 * number), "gasUsed": "0x5208", "gasLimit": "0x1c9c380",
            "miner": "0x" + "11" * 20, "transactions": list(transactions)}


def transaction(number, index, kind="0x2", **more):
    return {"hash": hash_of(f"transaction {number}/{index}"), "blockHash": hash_of(f"block {number}"),
            "blockNumber": hex(number), "transactionIndex": hex(index), "from": "0x" + "22" * 20,
            "to": "0x" + "33" * 20, "value": "0x1", "gas": "0x5208", "gasPrice": "0x1", "nonce": hex(index),
            "input": "0x", "type": kind, **more}


def receipt(t):
    return {"transactionHash": t["hash"], "transactionIndex": t["transactionIndex"], "blockHash": t["blockHash"],
            "blockNumber": t["blockNumber"], "status": "0x1", "gasUsed": "0x5208", "effectiveGasPrice": "0x1",
            "contractAddress": None, "logs": [], "type": t["type"]}


def sibling(of, name, parent=None):
    """Another block of the same height, and of the same parent unless one is given."""
    return {**of, "hash": hash_of(name), "parentHash": parent or of["parentHash"]}


def head(b, subscription="0xbeef"):
    """The notification of newHeads."""
    return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription",
                       "params": {"subscription": subscription, "result": {**b, "transactions": None}}})


def answers(blocks, latest, **more):
    """A well-behaved provider of these blocks; `blocks` may grow, of one height the last is canonical."""
    def by_hash(value):
        return next((b for b in blocks if b["hash"] == value), None)

    def by_number(value):
        return latest() if value == "latest" else next((b for b in reversed(blocks) if b["number"] == value), None)
    return {"eth_chainId": lambda _: {"result": "0x1"},
            "eth_subscribe": lambda p: {"result": "0xbeef"} if p[0] == "newHeads" else {"error": {"code": -32602, "message": "no"}},
            "eth_getBlockByHash": lambda p: {"result": by_hash(p[0])},
            "eth_getBlockByNumber": lambda p: {"result": by_number(p[0])},
            "eth_getBlockReceipts": lambda p: {"result": [receipt(t) for t in by_hash(p[0])["transactions"]]},
            "eth_getLogs": lambda p: {"result": []}, **more}


def stats(data):
    """What the only chain of a running node says of itself, and the bad input of its provider by kind."""
    code, out, _ = run("stats", "--data-dir", data, "--json")
    if code != 0:
        return {}, {}
    chain = json.loads(out.splitlines()[0])["chains"][0]
    return chain, {b["kind"]: b["count"] for b in chain["connector"]["bad"]}


def config(path, start=None, **options):
    """A configuration of one chain with one such provider."""
    text = "[chains.ethereum]\n" + (f"start = {start}\n" if start is not None else "")
    text += '[[chains.ethereum.providers]]\nkind = "ethereum"\n'
    path.write_text(text + "".join(f"{key} = {json.dumps(value)}\n" for key, value in options.items()))
    return path


UNKNOWN = {"error": {"code": -32601, "message": "method not found"}}


class Provider:
    """Answers requests from `answers[method](params)`, over a WebSocket and over HTTP, and counts what it is asked; `script`
    runs once newHeads is subscribed."""

    def __init__(self, answers, script=None):
        self.answers, self.script = answers, script
        self.asked = {}
        self.listener = Listener(0, self._on_text)
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._serve, args=(ready,), daemon=True).start()
        ready.wait(20)
        self.port = self.listener.port

    @property
    def connections(self):
        return self.listener.accepted

    def _serve(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.listener.open())
        ready.set()
        self.loop.run_forever()

    async def _on_text(self, connection, text):
        call = json.loads(text)
        answer = self.answers.get(call["method"], lambda _: UNKNOWN)(call["params"])
        self.asked[call["method"]] = self.asked.get(call["method"], 0) + 1
        if self.script and call["method"] == "eth_subscribe" and call["params"][0] == "newHeads":
            asyncio.ensure_future(self.script(connection.send))
        return None if answer is None else ("200 OK", json.dumps({"jsonrpc": "2.0", "id": call["id"], **answer}))

    def drop(self):
        """Cuts every connection. On this provider's own thread."""
        self.listener.cut()


class Program:
    """The program misbehaving-provider (docs/misbehaving-provider.md), with its plan beside its truth in `where`."""

    def __init__(self, where, name, plan, seed=1, truth=True, program=None):
        (where / f"{name}.toml").write_text(plan)
        self.truth = where / f"{name}.truth.jsonl"
        command = [str(program)] if program else [sys.executable, str(ROOT / "tests/support/misbehaving_provider")]
        self.process = subprocess.Popen(
            [*command, "--plan", str(where / f"{name}.toml"), "--seed", str(seed),
             *(["--truth", str(self.truth)] if truth else [])], stdout=subprocess.PIPE, text=True)
        started = self.process.stdout.readline()
        need(started.startswith("listening on "), f"{name}: {started.strip()}")
        self.port = int(started.split(",")[0].rpartition(":")[2])

    def stop(self):
        """What it says of itself at its end."""
        if self.process.poll() is not None:
            return {}
        self.process.terminate()
        out, _ = self.process.communicate(timeout=20)
        return json.loads(out.splitlines()[-1])
