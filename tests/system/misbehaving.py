"""Providers that serve a small made-up chain over a WebSocket or HTTP, and misbehave as told. Standard library only."""
import asyncio
import base64
import hashlib
import http.server
import json
import struct
import subprocess
import sys
import threading

from support import ROOT, free_port, need, run

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3


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


class HttpProvider:
    """The same over HTTP; counts what it is asked."""

    def __init__(self, answers):
        self.asked = {}
        self.port = free_port()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                call = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.asked[call["method"]] = outer.asked.get(call["method"], 0) + 1
                answer = answers.get(call["method"], lambda _: UNKNOWN)(call["params"])
                body = json.dumps({"jsonrpc": "2.0", "id": call["id"], **answer}).encode()
                self.send_response(200)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()


class Provider:
    """Answers requests from `answers[method](params)`; `script` runs once newHeads is subscribed."""

    def __init__(self, answers, script):
        self.answers, self.script = answers, script
        self.asked = {}
        self.connections = 0
        self.writers = set()
        self.port = free_port()
        self.loop = asyncio.new_event_loop()
        ready = threading.Event()
        threading.Thread(target=self._serve, args=(ready,), daemon=True).start()
        ready.wait(5)

    def _serve(self, ready):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self._client, "127.0.0.1", self.port))
        ready.set()
        self.loop.run_forever()

    async def _client(self, reader, writer):
        self.connections += 1
        self.writers.add(writer)
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            key = next(line.split(b":", 1)[1].strip() for line in request.split(b"\r\n")
                       if line.lower().startswith(b"sec-websocket-key"))
            accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
            writer.write(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                         b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            while True:
                text = await self._read(reader, writer)
                if text is None:
                    break
                call = json.loads(text)
                answer = self.answers.get(call["method"], lambda _: UNKNOWN)(call["params"])
                self.asked[call["method"]] = self.asked.get(call["method"], 0) + 1
                if answer is not None:
                    self.send(writer, json.dumps({"jsonrpc": "2.0", "id": call["id"], **answer}))
                if call["method"] == "eth_subscribe" and call["params"][0] == "newHeads":
                    asyncio.ensure_future(self.script(lambda t, w=writer: self.send(w, t)))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        self.writers.discard(writer)
        writer.close()

    def drop(self):
        """Cuts every connection. On this provider's own thread."""
        for writer in list(self.writers):
            writer.transport.abort()

    async def _read(self, reader, writer):
        while True:
            first, second = await reader.readexactly(2)
            length = second & 127
            if length == 126:
                length = struct.unpack(">H", await reader.readexactly(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", await reader.readexactly(8))[0]
            mask = await reader.readexactly(4)
            data = bytes(b ^ mask[i % 4] for i, b in enumerate(await reader.readexactly(length)))
            if first & 15 == 8:
                return None
            if first & 15 == 9:
                writer.write(bytes([0x8A, len(data)]) + data)
                continue
            if first & 15 in (1, 2):
                return data.decode()

    @staticmethod
    def send(writer, text):
        data = text if isinstance(text, bytes) else text.encode()
        size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + struct.pack(">H", len(data)) if len(data) < 65536 \
            else b"\x7f" + struct.pack(">Q", len(data))
        writer.write(b"\x81" + size + data)


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
