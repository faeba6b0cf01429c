"""Strangers at the API: raw sockets with what no client sends, tokens over every route, pages of
elsewhere. Whatever comes is answered with 4xx or closed; probes are answered all the while."""
import json
import os
import socket
import ssl
import subprocess
import time
import warnings

from support import QUARANTINE_MB, Api, Node, folder, free_port, need, need_quietly, run, wait_until


def resident(pid):
    for line in open(f"/proc/{pid}/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) // 1024
    return 0


def raw(port, data, seconds=15):
    """What is answered to these bytes, until the connection closes or a whole answer is there."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as s:
        try:
            s.sendall(data)
            out = b""
            while True:
                got = s.recv(65536)
                if not got:
                    return out
                out += got
                head, _, body = out.partition(b"\r\n\r\n")
                for line in head.split(b"\r\n"):
                    if line.lower().startswith(b"content-length:") and len(body) >= int(line.split(b":")[1]):
                        return out
        except (ConnectionError, socket.timeout):
            return out


def status(answer):
    return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0


HOST = b"Host: 127.0.0.1\r\n"
ATTACKS = [
    ("both lengths", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    ("chunks", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    ("h2c", b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n", 400),
    ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("an unknown upgrade", b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: foo\r\n\r\n", 400),
    ("a header of 64 KiB", b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 65536 + b"\r\n\r\n", 431),
    ("a target of 64 KiB", b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
    ("1,000 headers", b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n" * 1000 + b"\r\n", 431),
    ("bad UTF-8", b"GET /%ff%fe HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("raw bytes in the target", b"GET /\xff HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a zero byte", b"GET /livez%00 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("traversal", b"GET /../../etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ("escaped traversal", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + HOST + b"\r\n", 404),
    ("no Host", b"GET / HTTP/1.1\r\n\r\n", 400),
    ("two Hosts", b"GET / HTTP/1.1\r\n" + HOST + HOST + b"\r\n", 400),
    ("another's Host", b"GET /api/v1/agents HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    ("another's Origin", b"GET /api/v1/agents HTTP/1.1\r\n" + HOST + b"Origin: http://evil.example\r\n\r\n", 403),
    ("a page without origin", b"GET /api/v1/agents HTTP/1.1\r\n" + HOST + b"Origin: null\r\n\r\n", 403),
    ("a form", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}", 415),
    ("a body without a length", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\n\r\n", 411),
    ("6 MiB", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 6291456\r\n\r\n", 413),
    ("2^64 bytes", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Length: 18446744073709551616\r\n\r\n", 400),
    ("a negative length", b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n", 400),
    ("a body where there is none", b"GET /livez HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello", 400),
    ("bare line ends", b"GET / HTTP/1.1\n" + b"Host: 127.0.0.1\n\n", 400),
    ("a folded header", b"GET / HTTP/1.1\r\n" + HOST + b"A: b\r\n c\r\n\r\n", 400),
    ("a blank before the colon", b"GET / HTTP/1.1\r\nHost : 127.0.0.1\r\n\r\n", 400),
    ("an absolute target", b"GET http://evil.example/ HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("a tunnel", b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    ("noise", bytes(range(1, 256)) + b"\r\n\r\n", 400),
    ("TLS to a plain port", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + b"\x00" * 150 + b"\r\n\r\n", 400),
    ("a broken WebSocket handshake", b"GET /api/v1/stream HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", 400),
]

with folder() as f:
    port = free_port()
    node = Node(f / "data", "--mock", "--rate", "200", "--listen", f"127.0.0.1:{port}")
    api = Api(port)
    wait_until(api.lives, 20, "the API answers")
    before = resident(node.process.pid)
    for name, data, wanted in ATTACKS:
        got = raw(port, data)
        need_quietly(status(got) == wanted, f"{name} is answered {wanted}, not {got[:100]}")
        need_quietly(b"application/problem+json" in got, f"{name} is answered with a problem")
    need(api.lives(), f"{len(ATTACKS)} attacks are each refused with their status and a problem")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        s.sendall(b"GET /livez HTTP/1.1\r\n" + HOST + b"\r\nGET /api/v1/stats HTTP/1.1\r\n" + HOST +
                  b"\r\nGET /healthz HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        out = b""
        while got := s.recv(65536):
            out += got
    need(out.count(b"HTTP/1.1 200 OK") == 3 and out.endswith(b"ok\n"), "requests in a row are answered in their order")

    # --- a thousand that send a header byte by byte
    slow = []
    for _ in range(1000):
        s = socket.create_connection(("127.0.0.1", port), timeout=20)
        s.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        slow.append(s)
    times, begun = [], time.monotonic()
    while time.monotonic() < begun + 2:
        for s in slow[::50]:
            try:
                s.sendall(b"a")
            except OSError:
                pass
        at = time.monotonic()
        need_quietly(api.lives(), "probes are answered")
        times.append(time.monotonic() - at)
    times.sort()
    # The median, because this machine may do other things beside; a slot taken by a slow client shows in it, too.
    need(times[len(times) // 2] < 0.05,
         f"with 1,000 slow headers, probes take {times[len(times) // 2] * 1000:.1f} ms, p99 {times[int(len(times) * 0.99)] * 1000:.1f} ms")
    answered = 0
    for s in slow:
        s.settimeout(12)
        try:
            answered += 1 if s.recv(100).startswith(b"HTTP/1.1 408") else 0
        except OSError:
            pass
        s.close()
    need(time.monotonic() - begun < 12 and answered > 900, f"{answered} of them are told 408 and closed within 12 s")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as s:
        s.sendall(b"POST /api/v1/messages HTTP/1.1\r\n" + HOST + b"Content-Type: application/json\r\nContent-Length: 1000000\r\n\r\n" + b"{" * 1000)
        need(api.lives(), "one that owes its body holds up nobody")
    grown = resident(node.process.pid) - before
    need(grown < 64 + QUARANTINE_MB, f"memory grew by {grown} MiB")
    need(node.stop() == 0, "the node drains and exits 0")

# --- tokens
with folder() as f:
    port = free_port()
    (f / "writer").write_text("a-token-that-may-write\n")
    config = f / "tokens.toml"
    config.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nrate = 200\n'
                      f'[api]\nlisten = "0.0.0.0:{port}"\nhosts = ["node.example"]\norigins = ["https://app.example"]\n'
                      '[[api.tokens]]\nname = "dashboard"\nscope = "read"\ntoken = "${EREMOS_TEST_TOKEN}"\n'
                      f'[[api.tokens]]\nname = "operator"\nscope = "write"\nfile = "{f}/writer"\n')
    os.environ["EREMOS_TEST_TOKEN"] = "a-token-that-may-read"
    node = Node(f / "data", "--config", config)
    nobody = Api(port)
    wait_until(nobody.lives, 20, "a node with tokens listens to others")
    document = nobody.get("/openapi.json")
    reader, writer, wrong = (Api(port, t) for t in ("a-token-that-may-read", "a-token-that-may-write", "a-token-of-nobody"))
    tried = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            target, send = path.replace("{id}", "0" * 32), "{}" if "requestBody" in operation else None
            is_open = operation["security"] == []
            if path == "/api/v1/stream":
                target += "?cursor=x"  # 400 for whoever may
            for who, may in ((nobody, False), (wrong, False), (reader, method == "get"), (writer, True)):
                got, headers, body = who.ask(method.upper(), target, send)
                wanted = (401, 403) if not (may or is_open) else ()
                need_quietly((got in wanted) if wanted else got not in (401, 403), f"{method} {target} is {got}: {body[:100]}")
                need_quietly(got != 401 or headers["www-authenticate"] == "Bearer", "401 says what is wanted")
                tried += 1
    need(tried > 100, f"{tried} requests with and without tokens are let in or not as they should be")
    need(nobody.ask("GET", "/api/v1/signals?token=a-token-that-may-read")[0] == 401, "a token in the address is none")
    need("a-token" not in reader.get("/api/v1/config")["toml"], "the configuration shows no token")
    need("a-token" not in (f / "node.log").read_text(), "nor does the log")
    need("by operator from 127.0.0.1" in (f / "node.log").read_text(), "which names who writes")
    got, headers, _ = reader.ask("GET", "/api/v1/agents", headers={"Origin": "https://app.example"})
    need(got == 200 and headers["access-control-allow-origin"] == "https://app.example", "a configured page may ask")
    got, headers, _ = nobody.ask("OPTIONS", "/api/v1/agents", headers={"Origin": "https://app.example"})
    need(got == 204 and "GET" in headers["access-control-allow-methods"], "and ask whether it may")
    got, headers, _ = reader.ask("GET", "/api/v1/agents")
    need("access-control-allow-origin" not in headers, "nobody else is told")
    got = reader.ask("GET", "/api/v1/agents", headers={"Host": "node.example"})[0]
    need(got == 200, "a configured name is answered to")
    need(node.stop() == 0, "the node drains and exits 0")
    config.write_text(config.read_text().replace("${EREMOS_TEST_TOKEN}", "a-token-in-the-file"))
    code, out, err = run("check", config)
    need(code == 78 and "does not belong in a file" in out + err, "a token in the configuration file is refused")

# --- TLS
with folder() as f:
    port = free_port()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", f / "key.pem", "-out", f / "cert.pem",
                    "-days", "1", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    config = f / "tls.toml"
    config.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nrate = 200\n'
                      f'[api]\nlisten = "127.0.0.1:{port}"\ntls_certificate = "{f}/cert.pem"\ntls_key = "{f}/key.pem"\n')
    node = Node(f / "data", "--config", config)
    trust = ssl.create_default_context(cafile=f / "cert.pem")
    def over_tls(context):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s, context.wrap_socket(s, server_hostname="127.0.0.1") as t:
            t.sendall(b"GET /openapi.json HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
            out = b""
            while got := t.recv(65536):
                out += got
            return out
    def answers():
        try:
            return over_tls(trust).startswith(b"HTTP/1.1 200")
        except OSError:
            return False
    wait_until(answers, 20, "a node answers over TLS")
    need(json.loads(over_tls(trust).split(b"\r\n\r\n", 1)[1])["openapi"] == "3.1.0", "with whole answers")
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    try:
        over_tls(old)
        need(False, "TLS 1.1 is refused")
    except OSError:
        need(True, "TLS 1.1 is refused")
    need(status(raw(port, b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", 5)) == 0 and answers(), "so is plain text, and the node goes on")
    need(node.stop() == 0, "the node drains and exits 0")
    (f / "key.pem").write_text("no key")
    # libwebsockets 4.1 leaves 72 bytes of a context whose key is none; the process ends with it.
    no_leaks = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    code, _, err = run("run", "--config", config, "--data-dir", f / "bad", "--for", "1s", env=no_leaks)
    need(code == 78 and "certificate" in err, f"a key that is none is refused: {err.strip()[-200:]}")
