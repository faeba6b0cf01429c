"""HTTP/1.1 and WebSocket (RFC 6455) on one port, as far as JSON-RPC wants them. Knows nothing of chains."""
import asyncio
import base64
import contextlib
import hashlib
import json
import struct

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3
REQUEST_MAX = 16 * 2**20
UNSENT_MAX = 64 * 2**20  # a peer that takes nothing is cut

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10


def unmasked(payload, mask):
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def frame(opcode, payload):
    size = len(payload)
    if size < 126:
        head = bytes([0x80 | opcode, size])
    elif size < 65536:
        head = bytes([0x80 | opcode, 126]) + struct.pack(">H", size)
    else:
        head = bytes([0x80 | opcode, 127]) + struct.pack(">Q", size)
    return head + payload


class Connection:
    """One peer. `dead`: half open, what it says is taken and nothing is said."""

    def __init__(self, reader, writer, dead):
        self.reader, self.writer, self.dead = reader, writer, dead
        self.is_websocket = False
        self.subscriptions = {}  # id -> (what, filter or whether whole)

    def send(self, text):
        """To a WebSocket."""
        self._write(frame(TEXT, text if isinstance(text, bytes) else text.encode()))

    def is_gone(self):
        """Also where the peer has left without a word: whoever gives up a call closes its connection."""
        return self.writer.is_closing() or self.reader.at_eof()

    def abort(self):
        self.writer.transport.abort()

    def _write(self, out):
        if self.dead or self.writer.is_closing():
            return
        self.writer.write(out)
        if self.writer.transport.get_write_buffer_size() > UNSENT_MAX:
            self.abort()

    async def _read_frame(self):
        """(opcode, payload) of one whole message."""
        opcode, whole = None, b""
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 127
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            if size > REQUEST_MAX or not second & 128:
                raise ConnectionError("too long, or not masked")
            mask = await self.reader.readexactly(4)
            payload = unmasked(await self.reader.readexactly(size), mask)
            if first & 8:  # control frames may stand between the parts of a message
                return first & 15, payload
            opcode = opcode if opcode is not None else first & 15
            whole += payload
            if first & 128:
                return opcode, whole

    async def serve(self, on_text):
        """Until the peer leaves. `on_text(connection, text)` answers (HTTP status, text), or None for nothing."""
        while True:
            head = await self.reader.readuntil(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
            if "sec-websocket-key" in headers:
                return await self._serve_websocket(headers["sec-websocket-key"], on_text)
            size = int(headers.get("content-length", 0))
            if size > REQUEST_MAX:
                return
            body = await self.reader.readexactly(size)
            reply = await on_text(self, body)
            if reply:
                status, text = reply
                out = text.encode()
                self._write(f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                            f"Content-Length: {len(out)}\r\n\r\n".encode() + out)

    async def _serve_websocket(self, key, on_text):
        accept = base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()
        self._write(f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                    f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode())
        self.is_websocket = True
        answering = set()
        while True:
            opcode, payload = await self._read_frame()
            if opcode == CLOSE:
                return self._write(frame(CLOSE, payload[:2]))
            if opcode == PING:
                self._write(frame(PONG, payload))
            elif opcode == TEXT:
                # Side by side: a slow answer holds up no other.
                task = asyncio.ensure_future(self._answer(on_text, payload))
                answering.add(task)
                task.add_done_callback(answering.discard)

    async def _answer(self, on_text, payload):
        reply = await on_text(self, payload)
        if reply:
            self.send(reply[1])


class Listener:
    """All connections of one port."""

    def __init__(self, port, on_text):
        self.port, self.on_text = port, on_text
        self.connections = set()
        self.accepted = 0  # ever
        self.server = None
        self.accepts_dead = False

    async def open(self):
        self.server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=REQUEST_MAX)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self):
        self.server.close()
        self.cut()

    def cut(self):
        for connection in list(self.connections):
            connection.abort()

    def websockets(self):
        return [c for c in self.connections if c.is_websocket]

    async def _accept(self, reader, writer):
        connection = Connection(reader, writer, self.accepts_dead)
        self.connections.add(connection)
        self.accepted += 1
        with contextlib.suppress(asyncio.CancelledError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            await connection.serve(self.on_text)
        self.connections.discard(connection)
        writer.close()


def answer(call, **what):
    return {"jsonrpc": "2.0", "id": call.get("id"), **what}


def error(call, code, message):
    return answer(call, error={"code": code, "message": message})


def notification(subscription, result):
    return json.dumps({"jsonrpc": "2.0", "method": "eth_subscription",
                       "params": {"subscription": subscription, "result": result}})
