"""Alerts by the API: a route is tried out, a dead letter is found and sent again, a silence holds alerts back in the
running node; who may only read orders nothing, and the log says who did."""
import json
import subprocess
import threading
import urllib.parse

from alert_receiver import Receiver
from support import NODE, Api, folder, free_port, need, run, stored, wait_until

refused = set()


def behave(delivery_id, attempt):
    """One delivery is refused for good, until it comes again."""
    if attempt == 1 and wanted_dead and not refused:
        refused.add(delivery_id)
        return "gone"
    return "ok"


wanted_dead = False
receiver, hanging = Receiver(behave), Receiver(lambda *_: "hang")
HOOK = """
kind = "webhook"
url = "URL"
secrets = ["${HOOK_SECRET}"]
allow_private = true
"""
CONFIG = f"""
[[api.tokens]]
name = "eyes"
scope = "read"
token = "${{READ_TOKEN}}"
[[api.tokens]]
name = "hands"
scope = "write"
token = "${{WRITE_TOKEN}}"

[chains.mock]
chain_id = 1337
start = 1
[[chains.mock.providers]]
kind = "mock"
seed = 23
rate = 200

[alerts]
retry_min = "50ms"
retry_max = "200ms"
[alerts.sinks.hook]{HOOK.replace("URL", "${HOOK}")}
[alerts.sinks.closed]{HOOK.replace("URL", f"http://127.0.0.1:{free_port()}/")}
[alerts.sinks.slow]{HOOK.replace("URL", f"http://127.0.0.1:{hanging.port}/hook")}
timeout = "2s"

[[alerts.route]]
name = "all"
sinks = ["hook"]
[[alerts.route]]
name = "half"
type = ["test"]
sinks = ["hook", "closed"]
[[alerts.route]]
name = "slow"
type = ["test"]
sinks = ["slow"]
"""

with folder() as f:
    data, config, port = f / "data", f / "eremos.toml", free_port()
    config.write_text(CONFIG)
    env = {**receiver.environment(), "READ_TOKEN": "a-token-to-read-alerts", "WRITE_TOKEN": "a-token-to-write-alerts"}
    log = open(f / "node.log", "a+")
    node = subprocess.Popen([NODE, "run", "--config", str(config), "--data-dir", str(data), "--listen", f"127.0.0.1:{port}"],
                            stdout=log, stderr=log, env=env)
    try:
        eyes, hands = Api(port, "a-token-to-read-alerts"), Api(port, "a-token-to-write-alerts")
        wait_until(hands.lives, 20, "the API answers")

        def order(method, target, body=None, want=200, who=hands):
            status, headers, answer = who.ask(method, target, body)
            need(status == want, f"{method} {target} is {want}: {answer[:200]}")
            if want >= 400:
                need(headers["content-type"] == "application/problem+json", "with a problem")
            return json.loads(answer)

        # --- a route is tried out
        before = len(stored(data, "select 1 from outbox where kind = 'test'"))
        answers = order("POST", "/api/v1/alerts/routes/half/test")["items"]
        need([(a["sink"], a["delivered"]) for a in answers] == [("hook", True), ("closed", False)], "a test says which sink took it")
        need(answers[0]["error"] is None and "connect" in answers[1]["error"].lower(), f"and why not: {answers[1]['error']}")
        tests = [b for _, b in receiver.accepted if b["type"] == "alert.test"]
        need(tests and tests[-1]["data"]["route"] == "half", "the receiver has it, signed")
        need(len(stored(data, "select 1 from outbox where kind = 'test'")) == before, "a test is not stored, so it is tried once")
        order("POST", "/api/v1/alerts/routes/hal/test", want=404)
        order("POST", "/api/v1/alerts/routes/half/test", want=403, who=eyes)
        statuses, threads = [], []
        for _ in range(6):
            threads.append(threading.Thread(target=lambda: statuses.append(hands.ask("POST", "/api/v1/alerts/routes/slow/test")[0])))
            threads[-1].start()
        for thread in threads:
            thread.join()
        need(sorted(statuses) == [200] * 4 + [503] * 2, f"four tests run at a time, more are refused: {statuses}")

        # --- a dead letter is found and sent again
        wanted_dead = True
        wait_until(lambda: eyes.get("/api/v1/alerts?state=dead")["items"], 60, "what the receiver refused for good is a dead letter")
        dead, = eyes.get("/api/v1/alerts?state=dead")["items"]
        need({dead["id"]} == refused and "410" in dead["error"] and dead["attempts"] == 1, f"that says why: {dead['error']}")
        need([(s["sink"], s["dead"]) for s in eyes.get("/api/v1/alerts/waiting")["items"]] == [("hook", 1)], "and is counted at its sink")
        for line in ('eremos_outbox_dead{sink="hook"} 1', 'eremos_outbox_dead{sink="slow"} 0', 'eremos_outbox_failed_tries_total{sink="closed"} 0'):
            wait_until(lambda: f"\n{line}\n" in eyes.ask("GET", "/metrics")[2].decode(), 10, f"/metrics has {line}")
        order("POST", f"/api/v1/alerts/{dead['id']}/resend", want=403, who=eyes)
        order("POST", f"/api/v1/alerts/{dead['id']}/resend")
        wait_until(lambda: receiver.attempts[dead["id"]] == 2, 20, "sent again, it comes again under its id")
        wait_until(lambda: not eyes.get("/api/v1/alerts?state=dead")["items"], 20, "and is dead no more")
        order("POST", "/api/v1/alerts/alert_none/resend", want=404)

        # --- a silence holds back
        order("POST", "/api/v1/silences", '{"route":"all","seconds":60}', want=403, who=eyes)
        order("POST", "/api/v1/silences", '{"seconds":60}', want=400)
        made = order("POST", "/api/v1/silences", '{"route":"all","seconds":3600,"comment":"a \\"test\\""}', want=201)
        need(eyes.get("/api/v1/silences")["items"] == [made] and made["comment"] == 'a "test"', "a silence is listed")
        code, out, _ = run("alerts", "silence", "list", "--json", "--data-dir", data)
        need(code == 0 and json.loads(out)["id"] == made["id"], "by the command line, too")
        wait_until(lambda: len(eyes.get("/api/v1/alerts?state=silenced")["items"]) >= 3, 60, "it silences the running node")
        silenced = {a["signal"] for a in eyes.get("/api/v1/alerts?state=silenced&limit=500")["items"]}
        need(not any(b["data"]["signal"]["id"] in silenced for _, b in receiver.accepted), "and the receiver has none of those")
        order("DELETE", f"/api/v1/silences/{made['id']}", want=403, who=eyes)
        order("DELETE", f"/api/v1/silences/{made['id']}")
        order("DELETE", f"/api/v1/silences/{made['id']}", want=404)
        need(eyes.get("/api/v1/silences")["items"] == [], "ended, it is listed no more")
        last = stored(data, "select max(seq) from outbox where state = 'silenced'")[0][0]
        wait_until(lambda: stored(data, f"select 1 from outbox where kind = 'raised' and state = 'delivered' and seq > {last}"), 60,
                   "and alerts go out again")

        # --- pages
        newest = stored(data, "select max(seq) from outbox")[0][0]
        seen, cursor = [], f"&cursor={newest + 1}"
        while cursor:
            page = eyes.get(f"/api/v1/alerts?limit=7{cursor}")
            seen += [a["id"] for a in page["items"]]
            cursor = page["next"] and "&cursor=" + urllib.parse.quote(page["next"])
        rows = [key for key, in stored(data, f"select key from outbox where seq <= {newest} order by seq desc")]
        need(seen == rows, f"pages of 7 hold all {len(rows)} alerts, newest first")
        order("GET", "/api/v1/alerts?cursor=x", want=400)

        text = (f / "node.log").read_text()
        for what in ("POST /api/v1/silences", f"DELETE /api/v1/silences/{made['id']}", f"POST /api/v1/alerts/{dead['id']}/resend",
                     "POST /api/v1/alerts/routes/half/test"):
            need(f"{what} by hands from 127.0.0.1" in text, f"the log says who ordered {what}")
        need(not receiver.wrong, f"the receiver has nothing to say against it {receiver.wrong[:3]}")
        node.terminate()
        need(node.wait(30) == 0, "the node ends")
    finally:
        if node.poll() is None:
            node.kill()
