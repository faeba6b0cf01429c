"""What a person does with alerts: try a route, look at dead letters and send them again, silence; and mails and groups as
they arrive."""
import email
import email.policy
import json
import socketserver
import subprocess
import threading

from alert_receiver import Receiver
from support import NODE, folder, free_port, need, run, stored, wait_until


class MailServer(socketserver.ThreadingTCPServer):
    """Takes mails (RFC 5321), refuses the first."""
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self):
        self.mails, self.tries = [], 0
        super().__init__(("127.0.0.1", 0), self.Session)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line):
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self):
            self.say("220 test")
            while line := self.rfile.readline().decode().strip():
                word = line.split(" ")[0].upper()
                if word == "QUIT":
                    return self.say("221 bye")
                if word == "DATA":
                    self.say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) != b".\r\n":
                        lines.append(part.removeprefix(b".") if part.startswith(b"..") else part)
                    self.server.tries += 1
                    if self.server.tries == 1:
                        self.say("451 later")
                    else:
                        self.server.mails.append(email.message_from_bytes(b"".join(lines), policy=email.policy.default))
                        self.say("250 taken")
                else:
                    self.say("250 test")


refused = set()


def behave(delivery_id, attempt):
    """The first delivery is refused for good, until it comes again."""
    if attempt == 1 and not refused:
        refused.add(delivery_id)
        return "gone"
    return "ok"


receiver, mails = Receiver(behave), MailServer()
HOOK = f"""
kind = "webhook"
url = "${{HOOK}}"
secrets = ["${{HOOK_SECRET}}"]
allow_private = true
"""
CONFIG = f"""
[chains.mock]
chain_id = 1337
start = 1
[[chains.mock.providers]]
kind = "mock"
seed = 23
rate = RATE

[alerts]
retry_min = "50ms"
retry_max = "200ms"
[alerts.sinks.hook]{HOOK}
[alerts.sinks.again]{HOOK}
[alerts.sinks.dead]
kind = "webhook"
url = "http://127.0.0.1:{free_port()}/"
secrets = ["${{HOOK_SECRET}}"]
allow_private = true
[alerts.sinks.mail]
kind = "smtp"
url = "smtp://127.0.0.1:{mails.port}"
from = "eremos@example.org"
to = ["ada@example.org", "bob@example.org"]
start_tls = false
allow_private = true
template = "größer: {{type}} {{subject}}"

[[alerts.route]]
name = "all"
sinks = ["hook"]
[[alerts.route]]
name = "digest"
sinks = ["again"]
group_wait = "500ms"
group_by = ["type"]
[[alerts.route]]
name = "mails"
min_severity = "high"
sinks = ["mail"]
[[alerts.route]]
name = "half"
type = ["test"]
sinks = ["hook", "dead"]
"""

with folder() as f:
    data, config, slow = f / "data", f / "eremos.toml", f / "slow.toml"
    config.write_text(CONFIG.replace("RATE", "200"))
    slow.write_text(CONFIG.replace("RATE", "0.1"))
    env = receiver.environment()

    def alerts(*words, want=0):
        code, out, err = run("alerts", *words, env=env)
        need(code == want, f"alerts {words} exits {want} {out}{err}") if code != want else None
        return out

    refused.add("none yet")
    out = alerts("test", "all", "--config", config)
    need(out == "hook took it\n" and receiver.accepted[-1][1]["type"] == "alert.test", "a test reaches the receiver")
    results = [json.loads(line) for line in alerts("test", "half", "--config", config, "--json", want=1).splitlines()]
    need([r["delivered"] for r in results] == [True, False], "a test says which sink does not work")
    alerts("test", "al", "--config", config, want=2)
    alerts("list", "--data-dir", data, want=1)
    refused.clear()
    before = receiver.count()

    log = open(f / "node.log", "a+")
    node = subprocess.Popen([NODE, "run", "--config", str(config), "--data-dir", str(data)], stdout=log, stderr=log, env=env)
    wait_until(lambda: receiver.count() > before + 5 and mails.mails, 60, "the node delivers")
    dead = [json.loads(line) for line in alerts("dead", "--data-dir", data, "--json").splitlines()]
    need([d["id"] for d in dead] == list(refused), "what the receiver refused for good is a dead letter")
    need("410" in dead[0]["error"] and dead[0]["attempts"] == 1, "that says why")
    need(refused.copy().pop() in alerts("dead", "--data-dir", data), "also in the table")
    alerts("resend", dead[0]["id"], "--data-dir", data)
    wait_until(lambda: receiver.attempts[dead[0]["id"]] == 2, 20, "sent again, it comes again under its id")
    wait_until(lambda: not alerts("dead", "--data-dir", data, "--json"), 20, "and is dead no more")
    alerts("resend", "alert_none", "--data-dir", data, want=1)

    made = json.loads(alerts("silence", "add", "--route", "all", "--for", "1h", "--comment", "a \"test\"", "--data-dir", data, "--json"))
    listed = [json.loads(line) for line in alerts("silence", "list", "--data-dir", data, "--json").splitlines()]
    need([s["id"] for s in listed] == [made["id"]] and listed[0]["comment"] == 'a "test"', "a silence is listed")
    silenced = "select count(*) from outbox where route = 'all' and state = 'silenced'"
    wait_until(lambda: stored(data, silenced)[0][0] >= 3, 60, "it silences the running node")
    alerts("silence", "remove", made["id"], "--data-dir", data)
    alerts("silence", "remove", made["id"], "--data-dir", data, want=1)
    newest = stored(data, "select max(seq) from outbox where state = 'silenced'")[0][0]
    wait_until(lambda: stored(data, f"select count(*) from outbox where route = 'all' and state = 'delivered' and kind = 'raised' and seq > {newest}")
               [0][0] >= 1, 60, "once it is removed, alerts go out again")
    node.terminate()
    need(node.wait(30) == 0, "the node ends")
    node = subprocess.Popen([NODE, "run", "--config", str(slow), "--data-dir", str(data)], stdout=log, stderr=log, env=env)
    wait_until(lambda: (f / "node.log").read_text().count("data in ") == 2, 30, "the node starts again")
    wait_until(lambda: stored(data, "select count(*) from outbox where state in ('due', 'gathered')") == [(0,)], 60, "the rest goes out")
    node.terminate()
    need(node.wait(30) == 0, "the node ends again")
    need(not receiver.wrong, f"the receiver has nothing to say against it {receiver.wrong[:3]}")

    groups = [b for _, b in receiver.accepted if b["type"] == "alert.group"]
    need(groups and all(len(g["data"]["alerts"]) > 1 for g in groups), f"{len(groups)} groups came as one delivery each")
    types = [{a["data"]["signal"]["type"] for a in g["data"]["alerts"]} for g in groups]
    need(all(len(t) == 1 for t in types), "each of one type")
    grouped = stored(data, "select count(*) from outbox where state = 'grouped'")[0][0]
    need(grouped == sum(len(g["data"]["alerts"]) for g in groups), f"the {grouped} alerts in them are in no other")

    first = mails.mails[0]
    need(first["Subject"].startswith("größer: ") and "eremos@example.org" in first["From"], f"a mail is readable: {first['Subject']}")
    need("bob@example.org" in first["To"] and first["Message-ID"].endswith("@example.org>"), "it names its receivers and itself")
    text = first.get_content().split("\n\n", 1)
    need(json.loads(text[1])["data"]["signal"]["type"] in text[0], "and holds the JSON below a line for people")
    due = stored(data, "select count(*) from outbox where sink = 'mail' and kind = 'raised'")[0][0]
    need(mails.tries == len(mails.mails) + 1, f"each of {len(mails.mails)} mails came once, but for the one that was refused once")
    need(len({m["Message-ID"] for m in mails.mails}) == len(mails.mails) >= due, "each under an id of its own")
