"""A receiver of webhooks as its owner would write it: checks signatures, remembers what came, and misbehaves on demand."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import socket
import struct
import threading
import time

KEY = bytes(range(32))
SECRET = "whsec_" + base64.b64encode(KEY).decode()
OLD_SECRET = "whsec_" + base64.b64encode(bytes(32)).decode()


class Receiver:
    """`behave(delivery_id, attempt)` names what happens to a request: ok, 500, 429, reset, redirect, gone, hang, endless."""

    def __init__(self, behave=lambda delivery_id, attempt: "ok"):
        self.behave = behave
        self.lock = threading.Lock()
        self.bodies = {}     # id -> set of bodies
        self.attempts = {}   # id -> how often it came
        self.accepted = []   # (id, parsed body), in the order of first acceptance
        self.wrong = []      # claims that did not hold
        self.endless_bytes = 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                outer.wrong.append(f"a GET of {self.path}: something followed a redirect")
                self.answer(404)

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.take(self, body)

            def answer(self, status, headers=()):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # a node that was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, handler, body):
        delivery_id = handler.headers["webhook-id"]
        moment = handler.headers["webhook-timestamp"]
        signed = f"{delivery_id}.{moment}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
        with self.lock:
            if handler.path != "/hook":
                self.wrong.append(f"a POST to {handler.path}: something followed a redirect")
            if expected not in handler.headers["webhook-signature"].split(" "):
                self.wrong.append(f"the signature of {delivery_id} does not verify")
            if abs(time.time() - int(moment)) > 300:
                self.wrong.append(f"the time of {delivery_id} is off")
            self.bodies.setdefault(delivery_id, set()).add(body)
            attempt = self.attempts[delivery_id] = self.attempts.get(delivery_id, 0) + 1
        what = self.behave(delivery_id, attempt)
        if what == "hang":
            time.sleep(5)
            return
        if what == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.shutdown(socket.SHUT_RD)
            handler.close_connection = True
            handler.connection.close()
            return
        if what in ("ok", "endless"):
            with self.lock:
                if attempt == 1 or all(known != delivery_id for known, _ in self.accepted):
                    self.accepted.append((delivery_id, json.loads(body)))
        if what == "ok":
            handler.answer(204)
        elif what == "500":
            handler.answer(500)
        elif what == "gone":
            handler.answer(410)
        elif what == "429":
            handler.answer(429, [("Retry-After", "1")])
        elif what == "redirect":
            handler.answer(307, [("Location", f"http://127.0.0.1:{self.port}/elsewhere")])
        elif what == "endless":
            handler.close_connection = True
            handler.send_response(200)
            handler.send_header("Content-Length", str(10 * 2**30))
            handler.end_headers()
            chunk = b"x" * 65536
            for _ in range(10 * 2**30 // len(chunk)):
                handler.wfile.write(chunk)
                with self.lock:
                    self.endless_bytes += len(chunk)

    def count(self):
        with self.lock:
            return len(self.accepted)

    def environment(self):
        return dict(os.environ, HOOK=f"http://127.0.0.1:{self.port}/hook", HOOK_SECRET=SECRET, HOOK_OLD=OLD_SECRET)
