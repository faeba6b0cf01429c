"""Helpers of the system tests: the node as a process, a real Ethereum node, a proxy that cuts sockets.

Loopback only, free ports only; everything started here is ended here, by its process id.
"""
import asyncio
import atexit
import base64
import contextlib
import gzip
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHARED = ROOT.parent / "shared" / "data"
NODE = os.environ["EREMOS_NODE"]
TOOLS = ROOT / ".tools" / "node_modules"
# What the address sanitizer holds back of freed memory (its quarantine_size_mb), if it watches.
QUARANTINE_MB = 256 if "ASAN_OPTIONS" in os.environ else 0


def need(condition, claim):
    """A claim that must hold; ends the test with the claim, and what its nodes last said, where it does not."""
    if not condition:
        print(f"FAILED: {claim}", file=sys.stderr)
        for node in Node.all:
            node.tell_last(sys.stderr)
        sys.exit(1)
    print(f"ok: {claim}")


def need_quietly(condition, claim):
    """The same for claims that are many: only said where they do not hold."""
    if not condition:
        need(False, claim)


def skip(why):
    print(f"SKIPPED: {why}")
    sys.exit(77)


def wait_until(what, seconds, claim):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.05)
    need(False, f"{claim} (within {seconds} s)")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="eremos-test-"))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def run(*arguments, seconds=60, text=True, env=None):
    """The program to its end: (exit code, stdout, stderr)."""
    done = subprocess.run([NODE, *map(str, arguments)], capture_output=True, timeout=seconds, text=text, env=env)
    return done.returncode, done.stdout, done.stderr


def replay(recording, *arguments):
    """Signals (as objects) and summary of a replay."""
    with folder() as f:
        summary = f / "summary.json"
        code, out, err = run("replay", recording, "--summary", summary, *arguments, seconds=240)
        need(code == 0, f"replay of {pathlib.Path(recording).name} exits 0 {err[-300:] if code else ''}")
        return [json.loads(line) for line in out.splitlines()], json.loads(summary.read_text())


class Node:
    """`eremos-node run` in the background."""

    all = []

    def __init__(self, data, *arguments):
        self.data = pathlib.Path(data)
        self.log = open(self.data.parent / "node.log", "a+")
        self.process = subprocess.Popen(
            [NODE, "run", "--data-dir", str(data), *map(str, arguments)], stdout=self.log, stderr=self.log)
        atexit.register(self.kill)  # where a claim does not hold, nobody else ends it
        Node.all.append(self)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self, seconds=20):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def alive(self):
        return self.process.poll() is None

    def tell_last(self, to):
        """Of a node that runs or has ended badly, but by us: its counters and the end of its log."""
        if self.process.poll() in (0, -signal.SIGKILL):
            return
        state = "runs" if self.alive() else f"ended with {self.process.returncode}"
        print(f"-- the node of {self.data} {state}", file=to)
        if self.alive():
            with contextlib.suppress(subprocess.TimeoutExpired):
                print(run("stats", "--data-dir", self.data, "--json", seconds=10)[1], file=to)
        self.log.seek(0)
        print("".join(self.log.readlines()[-20:]), file=to)


def stored(data, sql):
    """Rows of the store, read beside whoever writes."""
    path = pathlib.Path(data) / "eremos.db"
    if not path.exists():
        return []
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as db:
        try:
            return db.execute(sql).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet


def signal_set(data):
    """Ids with what decides them, as the command line shows them."""
    code, out, err = run("signals", "--data-dir", data, "--json", "--limit", "1000000")
    need(code == 0, f"signals are listed {err}")
    out_set = {}
    for line in out.splitlines():
        s = json.loads(line)
        s.pop("emitted_at")
        out_set[s["id"]] = json.dumps(s, sort_keys=True)
    return out_set


class Api:
    """The API of a node that serves 127.0.0.1:`port`: one connection per request."""

    def __init__(self, port, token=None):
        self.port = port
        self.token = token

    def ask(self, method, target, body=None, headers=None):
        """(status, headers, body as bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            all_headers = {"Content-Type": "application/json"} if body is not None else {}
            if self.token:
                all_headers["Authorization"] = f"Bearer {self.token}"
            connection.request(method, target, body, {**all_headers, **(headers or {})})
            reply = connection.getresponse()
            return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def get(self, target):
        """The JSON of an answer that must be 200."""
        status, _, body = self.ask("GET", target)
        need_quietly(status == 200, f"GET {target} is answered 200, not {status}: {body[:200]}")
        return json.loads(body)

    def lives(self):
        try:
            return self.ask("GET", "/livez")[0] == 200
        except OSError:
            return False


class LiveClient:
    """A WebSocket that only listens (RFC 6455)."""

    def __init__(self, port, target, headers=""):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n"
                             f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
                             f"Sec-WebSocket-Version: 13\r\n{headers}\r\n").encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.buffer += self._read()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.status = int(head.split()[1])
        self.closed = None  # code of the close frame

    def _read(self):
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("closed")
        return data

    def _take(self, size):
        while len(self.buffer) < size:
            self.buffer += self._read()
        out, self.buffer = self.buffer[:size], self.buffer[size:]
        return out

    def frame(self, seconds=20):
        """(opcode, payload) of the next frame."""
        self.socket.settimeout(seconds)
        first, second = self._take(2)
        size = second & 127
        if size > 125:
            size = int.from_bytes(self._take(2 if size == 126 else 8), "big")
        return first & 15, self._take(size)

    def items(self, seconds=20):
        """The items of the next text; none once the stream is closed."""
        while True:
            opcode, payload = self.frame(seconds)
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                self.closed = int.from_bytes(payload[:2], "big")
                return []

    def send(self, first, payload=b""):
        mask = b"abcd"
        self.socket.sendall(bytes([first, 128 | len(payload)]) + mask +
                            bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def leave(self):
        self.socket.close()


class EthereumNode:
    """A real Ethereum node on a free port; ended with all it started."""

    def __init__(self, program, *arguments):
        binary = TOOLS / ".bin" / program
        if not binary.exists():
            print(f"FAILED: no {program} in .tools; run scripts/bootstrap", file=sys.stderr)
            sys.exit(1)
        self.process = subprocess.Popen([str(binary), *map(str, arguments)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL, start_new_session=True)
        self.next_id = 0
        wait_until(self.answers, 40, f"{program} starts")

    def answers(self):
        try:
            return self.rpc("eth_chainId") is not None
        except OSError:
            return False

    def rpc(self, method, *params):
        self.next_id += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self.next_id, "method": method, "params": params}).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as reply:
            answer = json.load(reply)
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def stop(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # the npm wrapper and what it started
        self.process.wait()


class Anvil(EthereumNode):
    def __init__(self, *arguments, chain=1):
        self.port = free_port()
        super().__init__("anvil", "--host", "127.0.0.1", "--port", self.port, "--chain-id", chain, "--silent",
                         *arguments)


class Ganache(EthereumNode):
    def __init__(self, *arguments, chain=1):
        self.port = free_port()
        super().__init__("ganache", "--server.host", "127.0.0.1", "--server.port", self.port, "--chain.chainId", chain,
                         "--wallet.deterministic", *arguments)


def compiled(file):
    """Contracts of a Solidity file beside this one, by name: creation bytecode and methods, by npm's solc."""
    here = pathlib.Path(__file__).parent
    out = subprocess.run(["node", str(here / "compile.js"), str(here / file)], capture_output=True, text=True, check=True,
                         env={**os.environ, "NODE_PATH": str(TOOLS)})
    return json.loads(out.stdout)


def token_bytecode():
    """Creation bytecode of token.sol."""
    return compiled("token.sol")["Token"]["bytecode"]


def logs_of_chain(node):
    """What eth_getLogs says, comparable with logs_of_events."""
    return [(log["blockHash"], int(log["logIndex"], 16), log["address"].lower(), tuple(log["topics"]), log["data"])
            for log in node.rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})]


def logs_of_events(events):
    return [(e["block_hash"], e["data"]["log_index"], e["data"]["address"].lower(), tuple(e["data"]["topics"]),
             e["data"]["data"]) for e in events if e["type"] == "contract_event"]


class CuttingProxy:
    """Forwards a port, and cuts every connection through it when told to. While `held` it takes what comes and
    forwards nothing: half open, to whoever is connected."""

    def __init__(self, target):
        self.target = target
        self.held = False
        self.port = free_port()
        self.writers = set()
        self.cuts = 0
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        self.ready.wait(5)

    def _serve(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(asyncio.start_server(self._accept, "127.0.0.1", self.port))
        self.ready.set()
        self.loop.run_forever()

    async def _accept(self, reader, writer):
        try:
            up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self.target)
        except OSError:
            writer.close()
            return
        self.writers |= {writer, up_writer}
        await asyncio.gather(self._pump(reader, up_writer), self._pump(up_reader, writer))
        self.writers -= {writer, up_writer}

    async def _pump(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if self.held:
                    continue
                writer.write(data)
                await writer.drain()
        with contextlib.suppress(OSError, RuntimeError):
            writer.close()

    def cut(self):
        self.cuts += 1
        self.loop.call_soon_threadsafe(lambda: [w.transport.abort() for w in list(self.writers)])


def lines_of(path):
    """JSON Lines, plain or gzip."""
    opener = gzip.open if str(path).endswith(".gz") else open
    with opener(path, "rt") as f:
        return [json.loads(line) for line in f if line.strip()]
