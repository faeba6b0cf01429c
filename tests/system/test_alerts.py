"""Alerts of a running node: a receiver that misbehaves in every way, sinks that are dead, hang or lie inside, retraction
of what a reorg took back, silences, dead letters and their second sending, and secrets that show nowhere."""
import pathlib
import socket
import subprocess
import time

from alert_receiver import SECRET, Receiver
from support import NODE, folder, free_port, lines_of, need, run, stored, wait_until

WAYS = ("500", "429", "reset", "redirect", "hang", "endless")


def misbehave(delivery_id, attempt):
    """The first try of a third of the deliveries goes wrong, each way as often as the others."""
    number = int(delivery_id.removeprefix("alert_"), 16)
    return WAYS[number // 3 % len(WAYS)] if attempt == 1 and number % 3 == 0 else "ok"


receiver = Receiver(misbehave)
silent = socket.create_server(("127.0.0.1", 0))  # takes connections and says nothing

SINKS = f"""
[alerts]
retry_min = "50ms"
retry_max = "500ms"
attempts = 40

[alerts.sinks.hook]
kind = "webhook"
url = "${{HOOK}}"
secrets = ["${{HOOK_SECRET}}", "${{HOOK_OLD}}"]
allow_private = true
timeout = "1s"

[alerts.sinks.file]
kind = "file"
path = "ALERTS"

[alerts.sinks.dead]
kind = "webhook"
url = "http://127.0.0.1:{free_port()}/"
secrets = ["${{HOOK_SECRET}}"]
allow_private = true

[alerts.sinks.hangs]
kind = "webhook"
url = "http://127.0.0.1:{silent.getsockname()[1]}/"
secrets = ["${{HOOK_SECRET}}"]
allow_private = true
timeout = "30s"

[alerts.sinks.inside]
kind = "webhook"
url = "http://localhost:{receiver.port}/hook"
secrets = ["${{HOOK_SECRET}}"]

[[alerts.route]]
name = "everything"
sinks = ["hook", "file", "dead", "hangs", "inside"]
"""


def write_config(path, alerts, rate, reorgs=True):
    path.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 23\n'
                    f'rate = "{rate}"\n' + ("reorg_every = 10\nreorg_depth = 4\n" if reorgs else "") + alerts)
    return path


def rows(data, what):
    return stored(data, what)


with folder() as f:
    data, lines = f / "data", f / "alerts.jsonl"
    alerts = SINKS.replace("ALERTS", str(lines))
    env = receiver.environment()

    inhibit = pathlib.Path(__file__).with_name("alerts_inhibit.toml").read_text()
    code, out, err = run("check", write_config(f / "eremos.toml", alerts + inhibit, 400), env=env)
    need(code == 0 and SECRET[6:] not in out + err, f"the configuration is valid {out}{err}")
    code, out, err = run("check", write_config(f / "open.toml", alerts.replace("${HOOK_SECRET}", SECRET), 400), env=env)
    need(code == 78 and "${NAME}" in out and SECRET[6:] not in out + err, "a secret in the file itself is refused, unquoted")
    code, out, err = run("check", write_config(f / "meta.toml", alerts.replace("localhost", "169.254.169.254"), 400), env=env)
    need(code == 78 and "allow_private" in out, "so is an address of cloud metadata")

    log = open(f / "node.log", "a+")
    process = subprocess.Popen([NODE, "run", "--config", str(f / "eremos.toml"), "--data-dir", str(data)], stdout=log,
                               stderr=log, env=env)
    began = time.monotonic()
    wait_until(lambda: receiver.count() >= 60, 90, "60 deliveries are accepted, whatever the receiver does")
    retracted = "select count(*) from outbox where kind = 'retracted' and sink = 'hook' and state = 'delivered'"
    wait_until(lambda: rows(data, retracted) and rows(data, retracted)[0][0] >= 3, 60, "retractions are delivered")
    process.terminate()
    need(process.wait(30) == 0, "SIGTERM with sinks that are dead or hang ends the node in time, with 0")

    # The rest goes out while hardly anything new comes: one event in ten seconds.
    slow = write_config(f / "slow.toml", alerts, 0.1)
    process = subprocess.Popen([NODE, "run", "--config", str(slow), "--data-dir", str(data)], stdout=log, stderr=log, env=env)
    wait_until(lambda: (f / "node.log").read_text().count("data in ") == 2, 30,
               "the node starts again")
    waiting = "select count(*) from outbox where sink in ('hook', 'file') and state = 'due'"
    wait_until(lambda: rows(data, waiting) == [(0,)], 120, "all is delivered in the end")
    process.terminate()
    need(process.wait(30) == 0, "the node ends")

    need(not receiver.wrong, f"every signature verified, no redirect was followed {receiver.wrong[:3]}")
    need(all(len(b) == 1 for b in receiver.bodies.values()), "no delivery ever changed between its tries")
    tried = sum(receiver.attempts.values())
    need(tried > len(receiver.attempts), f"{len(receiver.attempts)} deliveries in {tried} tries")
    need(receiver.endless_bytes < 2**30, f"of 10 GB bodies {receiver.endless_bytes >> 20} MB were sent into buffers, no more")

    known = {key: (kind, signal) for key, kind, signal in rows(
        data, "select key, kind, lower(hex(signal_id)) from outbox where sink = 'hook' and state = 'delivered'")}
    need(set(known) <= set(receiver.bodies), f"the receiver has each of the {len(known)} deliveries")
    order = [(body["type"], body["data"]["signal"]["id"]) for _, body in receiver.accepted]
    raised = set()
    for kind, signal in order:
        if kind == "alert.raised":
            raised.add(signal)
        elif kind == "alert.retracted":
            need(signal in raised, "a retraction comes after its alert") if signal not in raised else None
    gone = {s for (s,) in rows(data, "select lower(hex(id)) from signals where status = 'retracted'")} & raised
    told = {s for kind, s in order if kind == "alert.retracted"}
    need(len(told) >= 3 and gone <= told, f"whoever had an alert that a reorg took back was told so: {len(told)} times")
    ids = [line["id"] for line in lines_of(lines)]
    of_file = {k for (k,) in rows(data, "select key from outbox where sink = 'file' and state = 'delivered'")}
    need(set(ids) == of_file and len(ids) == len(of_file), f"the file has the same {len(ids)} deliveries, each once")

    text = (f / "node.log").read_text()
    need(SECRET[6:] not in text and "/hook" not in text, "neither a secret nor the path of a URL is in the log")
    errors = rows(data, "select distinct error from outbox where sink = 'inside' and attempts > 0")
    need(errors and all("special address" in e for (e,) in errors), f"a name that leads inside is refused {errors}")
    need(rows(data, "select count(*) from outbox where sink = 'dead' and state = 'due'")[0][0] > 50,
         "what a dead sink did not take waits for it")
    print(f"ok: {time.monotonic() - began:.0f} s")
