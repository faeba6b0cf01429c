"""The API of a running node: every route of its own description, listings that are whole, bad input
that is refused and never breaks anything, orders that are carried out."""
import json
import re
import time
import urllib.parse

from support import Api, Node, folder, free_port, need, need_quietly, run, signal_set, stored, wait_until


def fits(value, schema, document, where):
    """Whether a value is of a JSON schema, as far as ours go; ends the test where it is not."""
    if "$ref" in schema:
        return fits(value, document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], document, where)
    names = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        def of(kind):
            if kind == "integer":
                return isinstance(value, int) and not isinstance(value, bool)
            if kind == "number":
                return isinstance(value, (int, float)) and not isinstance(value, bool)
            return isinstance(value, names[kind])
        need_quietly(any(of(k) for k in kinds), f"{where} is {schema['type']}: {str(value)[:80]}")
    if "enum" in schema:
        need_quietly(value in schema["enum"], f"{where} is one of {schema['enum']}: {value}")
    if "const" in schema:
        need_quietly(value == schema["const"], f"{where} is {schema['const']}")
    if "pattern" in schema:
        need_quietly(re.search(schema["pattern"], value), f"{where} is like {schema['pattern']}: {value}")
    if isinstance(value, dict):
        for key in schema.get("required", []):
            need_quietly(key in value, f"{where} has {key}")
        for key, inner in schema.get("properties", {}).items():
            if key in value:
                fits(value[key], inner, document, f"{where}.{key}")
    if isinstance(value, list) and "items" in schema:
        for i, item in enumerate(value):
            fits(item, schema["items"], document, f"{where}[{i}]")


def is_problem(headers, body, status, where):
    need_quietly(headers.get("content-type") == "application/problem+json", f"{where}: a problem's type")
    problem = json.loads(body)
    need_quietly(problem["status"] == status and problem["title"] and problem["detail"] and problem["type"],
                 f"{where}: a whole problem: {problem}")


NASTY = ["", " ", "0", "-1", "1e9", "99999999999999999999", "null", "true", "[]", "{}", "'", '"', "%", "\\", "../..",
         "a" * 513, "é", "\U0001f40b", "\u202e", "1 OR 1=1", "'; DROP TABLE signals; --", "0x", "0xzz",
         "2026-99-99T00:00:00Z", "NaN", "Infinity", "1.5", "-0", "<script>", "{{7*7}}", "\t", "\x7f"]
METHODS = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "FOO"]

with folder() as f:
    data, port = f / "data", free_port()
    begun = time.monotonic()
    node = Node(data, "--mock", "--seed", "7", "--rate", "400", "--listen", f"127.0.0.1:{port}")
    api = Api(port)
    wait_until(api.lives, 20, "the API answers")
    print(f"it took {time.monotonic() - begun:.1f} s")
    wait_until(lambda: len(stored(data, "select 1 from signals")) >= 60, 60, "signals are stored")
    wait_until(lambda: stored(data, "select 1 from messages") and stored(data, "select 1 from memories"), 60,
               "and messages and memories")
    document = api.get("/openapi.json")

    # --- every route answers what the description says
    known = {"id": {"signals": api.get("/api/v1/signals?limit=1")["items"][0]["id"], "agents": "skiero", "rules": "x"}}
    asked = 0
    for path, methods in document["paths"].items():
        if "get" not in methods or path == "/api/v1/stream":
            continue
        target = path.replace("{id}", known["id"].get(path.split("/")[3] if path.count("/") > 2 else "", ""))
        status, headers, body = api.ask("GET", target)
        need_quietly(status == 200, f"GET {target} is 200, not {status}: {body[:200]}")
        (media, content), = methods["get"]["responses"]["200"]["content"].items()
        need_quietly(headers["content-type"].startswith(media), f"{target} is {media}: {headers['content-type']}")
        if media == "application/json":
            fits(json.loads(body), content["schema"], document, target)
        head_status, head_headers, nothing = api.ask("HEAD", target)
        need_quietly(head_status == 200 and nothing == b"" and "content-length" in head_headers, f"HEAD {target}")
        asked += 1
    need(asked >= 20, f"{asked} routes answer what /openapi.json says, also to HEAD")

    # --- listings are whole
    status, headers, _ = api.ask("GET", "/api/v1/labels")
    tag = headers["etag"]
    status, again, body = api.ask("GET", "/api/v1/labels", headers={"If-None-Match": tag})
    need(status == 304 and body == b"" and again["etag"] == tag, "what has not changed is not sent again")
    newest = stored(data, "select max(event_time) from signals")[0][0]
    seen, cursor = [], ""
    while True:
        page = api.get(f"/api/v1/signals?limit=7&until={newest}{cursor}")
        seen += [s["id"] for s in page["items"]]
        if page["next"] is None:
            break
        cursor = "&cursor=" + urllib.parse.quote(page["next"])
    wanted = {i for i, text in signal_set(data).items() if json.loads(text)["event_time"] <= newest}
    need(len(seen) == len(set(seen)) and set(seen) == wanted,
         f"pages of 7 hold all {len(wanted)} signals, each once")
    agent = api.get("/api/v1/signals?limit=1")["items"][0]["agent"]
    need(all(s["agent"] == agent for s in api.get(f"/api/v1/signals?agent={agent}")["items"]), "filters filter")
    numbers, cursor = [], ""
    head = api.get("/api/v1/blocks?limit=1")["items"][0]["block_number"]
    cursor = f"&cursor={head + 1}"
    while cursor is not None:
        page = api.get(f"/api/v1/blocks?limit=100{cursor}")
        numbers += [b["block_number"] for b in page["items"]]
        cursor = f"&cursor={page['next']}" if page["next"] else None
    need(numbers == list(range(head, 0, -1)), f"pages of blocks hold all {head}, newest first")
    story = api.get(f"/api/v1/signals/{known['id']['signals']}/explain")
    need(story["signal"]["id"] == known["id"]["signals"] and
         [e["id"] for e in story["evidence"]] == story["signal"]["evidence"] and any(e["event"] for e in story["evidence"]),
         "a signal is explained with its evidence")
    status, headers, body = api.ask("GET", "/")
    need(status == 200 and b"/openapi.json" in body and "default-src 'self'" in headers["content-security-policy"],
         "/ is a page that links the description")
    need(api.ask("GET", "/", headers={"Accept-Encoding": "gzip"})[1].get("content-encoding") == "gzip",
         "compressed for whoever takes it")
    code, _, text = api.ask("GET", "/readyz?verbose")
    need(code == 200 and text.count(b"[+]") == 7, f"ready, with each check: {text}")

    # --- what no request should be is refused with a problem, and nothing breaks
    refused = 0
    for path, methods in document["paths"].items():
        base = path.replace("{id}", "x")
        for method in METHODS:
            if method.lower() in methods or (method == "HEAD" and "get" in methods):
                continue
            status, headers, body = api.ask(method, base)
            need_quietly(status == 405 and "allow" in headers, f"{method} {base} is 405, not {status}")
            if method != "HEAD":
                is_problem(headers, body, status, f"{method} {base}")
            refused += 1
        for method, operation in methods.items():
            for parameter in operation["parameters"]:
                for value in NASTY:
                    quoted = urllib.parse.quote(value, safe="")
                    target = (path.replace("{id}", quoted) if parameter["in"] == "path" else
                              f"{base}?{parameter['name']}={quoted}")
                    if path == "/api/v1/stream":
                        target += "&topic=x"  # a stream that opens does not end
                    send = "{}" if "requestBody" in operation else None
                    status, headers, body = api.ask(method.upper(), target, send)
                    need_quietly(status < 500, f"{method} {target} is {status}: {body[:200]}")
                    if status >= 400:
                        is_problem(headers, body, status, target)
                        refused += 1
            status, headers, body = api.ask(method.upper(), f"{base}?nothing_known=1",
                                            "{}" if "requestBody" in operation else None)
            need_quietly(status == 400, f"an unknown parameter of {base} is 400, not {status}")
            is_problem(headers, body, status, base)
            if "requestBody" not in operation:
                continue
            for sent in ["", "{", "[]", "null", "1", '"x"', "{}", '{"level":7}', '{"topic":7}', '{"unknown":1}',
                         '{"topic":"t","topic":"t"}', "[" * 100000, '{"a":' * 5000, '{"topic":"\ud83d"}', "\x00",
                         '{"topic":"' + "a" * 200000 + '"}', '{"topic":"t","details":' + '{"a":' * 40 + "1" + "}" * 41]:
                status, headers, body = api.ask(method.upper(), base, sent.encode("utf-8", "surrogatepass"))
                need_quietly(400 <= status < 500, f"{sent[:40]!r} to {base} is {status}")
                is_problem(headers, body, status, base)
                refused += 1
            status, headers, body = api.ask(method.upper(), base, "{}", {"Content-Type": "text/plain"})
            need_quietly(status == 415, f"a body of another type is 415, not {status}")
    need(refused > 400, f"{refused} requests were refused, each with a problem, none with 5xx")
    need(node.alive() and api.lives(), "and the node lives")

    # --- orders are carried out
    def state(agent):
        return api.get(f"/api/v1/agents/{agent}")["items"][0]["state"]
    def post(target, body=None):
        return api.ask("POST", target, body)[0]
    need(state("observer") == "running", "an agent runs")
    need(post("/api/v1/agents/observer/pause") == 200 and state("observer") == "paused", "it is paused")
    need(post("/api/v1/agents/observer/pause") == 409, "and not twice")
    def handled():
        return api.get("/api/v1/agents/observer")["items"][0]["events_handled"]
    def blocks():
        return stored(data, "select max(block_number) from ledger")[0][0]
    before = blocks()
    wait_until(lambda: blocks() > before + 2, 20, "blocks go on without it")
    still = handled()
    before = blocks()
    wait_until(lambda: blocks() > before + 2, 20, "and on")
    need(handled() == still, "it handles nothing meanwhile")
    need(post("/api/v1/agents/observer/resume") == 200, "it is resumed")
    wait_until(lambda: state("observer") == "running" and handled() > still, 20, "and catches up")
    need(post("/api/v1/agents/observer/release") == 409, "one that is not in quarantine is not released")
    need(post("/api/v1/agents/nobody/pause") == 404, "one that is not there is not found")
    rule = api.get("/api/v1/rules")["items"][0]["agent"]
    need(post(f"/api/v1/rules/{rule}/disable") == 200 and state(rule) == "paused", "a rule is disabled")
    need(post(f"/api/v1/rules/{rule}/enable") == 200, "and enabled")
    need(post("/api/v1/messages", '{"to":"skiero","topic":"request","details":{"who":"me"}}') == 202, "a message is taken")
    wait_until(lambda: any(m["from"] == "operator" and m["details"] == {"who": "me"}
                           for m in api.get("/api/v1/messages?from=operator")["items"]), 20, "and delivered with a block")
    need(post("/api/v1/messages", '{"to":"nobody","topic":"request"}') == 404, "one to nobody is refused")
    status, _, body = api.ask("PUT", "/api/v1/log-level", '{"level":"debug"}')
    need(status == 200 and api.get("/api/v1/log-level") == {"level": "debug"}, "the log level is changed")
    need("PUT /api/v1/log-level by anybody from 127.0.0.1" in (f / "node.log").read_text(), "and the log says who did it")

    # --- what was before
    def kept():
        return api.get("/api/v1/stats/history?points=2160")
    wait_until(lambda: len(kept()["times"]) >= 2, 60, "the node keeps what its counters were")
    past = kept()
    need(past["times"] == sorted(past["times"]) and all(9_000 < b - a < 30_000 for a, b in zip(past["times"], past["times"][1:])),
         f"a sample every {past['every_seconds']} s")
    need(past["events_per_second"]["transaction"][-1] > 0 and set(past["waiting"]) >= {"critical", "high", "medium", "low"},
         "with rates by type and what waits by lane")
    need(len(api.get("/api/v1/stats/history?points=1")["times"]) == 1, "in as few points as asked")
    need(node.stop() == 0, "the node drains and exits 0")

# --- where it listens
with folder() as f:
    code, _, err = run("run", "--mock", "--for", "1s", "--data-dir", f / "a", "--listen", "0.0.0.0:0")
    need(code == 78 and "api.tokens" in err, f"a place that others can reach needs a token: {err.strip()}")
    taken = free_port()
    first = Node(f / "c", "--mock", "--listen", f"127.0.0.1:{taken}")
    wait_until(Api(taken).lives, 20, "a node listens")
    code, _, err = run("run", "--mock", "--for", "1s", "--data-dir", f / "d", "--listen", f"127.0.0.1:{taken}")
    need(code == 1 and "in use" in err, f"a second one on the same port says so: {err.strip()}")
    need(first.stop() == 0, "and the first goes on until it is stopped")
    code, _, err = run("run", "--mock", "--for", "1s", "--data-dir", f / "e", "--no-api")
    need(code == 0 and "listening" not in err, "no API where none is wanted")
