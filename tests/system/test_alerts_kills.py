"""kill -9 between the sending of a webhook and the node's noting it: the receiver has every id at least once, signatures
verify, what an id says never changes, and whoever had what a reorg took back is told."""
import random
import subprocess
import sys
import time

from alert_receiver import Receiver
from support import NODE, folder, need, stored, wait_until

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
chance = random.Random(7)


def behave(delivery_id, attempt):
    time.sleep(0.02)  # so that kills often fall between the sending and the answer
    return "500" if attempt == 1 and int(delivery_id[-1], 16) == 0 else "ok"


receiver = Receiver(behave)
CONFIG = """
[chains.mock]
chain_id = 1337
start = 1
[[chains.mock.providers]]
kind = "mock"
seed = 23
rate = "{rate}"
reorg_every = 10
reorg_depth = 4

[alerts]
retry_min = "20ms"
retry_max = "100ms"
attempts = 1000
[alerts.sinks.hook]
kind = "webhook"
url = "${{HOOK}}"
secrets = ["${{HOOK_SECRET}}"]
allow_private = true
[[alerts.route]]
name = "everything"
sinks = ["hook"]
"""


def start(data, config, log):
    return subprocess.Popen([NODE, "run", "--config", str(config), "--data-dir", str(data)], stdout=log, stderr=log,
                            env=receiver.environment())


with folder() as f:
    data, quick, slow = f / "data", f / "quick.toml", f / "slow.toml"
    quick.write_text(CONFIG.format(rate=600))
    slow.write_text(CONFIG.format(rate=0.1))
    log = open(f / "node.log", "a+")
    under_way = 0
    for kill in range(KILLS):
        before = receiver.count()
        process = start(data, quick, log)
        wait_until(lambda: receiver.count() > before + 3 or process.poll() is not None, 60, "the node delivers")
        need(process.poll() is None, "the node runs") if process.poll() is not None else None
        time.sleep(chance.random() * 0.1)
        process.kill()
        process.wait()
        noted = stored(data, "select count(*) from outbox where state = 'delivered'")[0][0]
        under_way += receiver.count() > noted
    starts = (f / "node.log").read_text().count("data in ")
    process = start(data, slow, log)
    wait_until(lambda: (f / "node.log").read_text().count("data in ") > starts, 30, "the node starts again")
    wait_until(lambda: stored(data, "select count(*) from outbox where state <> 'delivered'") == [(0,)], 120,
               "the last start delivers what is left")
    process.terminate()
    need(process.wait(30) == 0, "and ends")

    need(not receiver.wrong, f"every signature verified {receiver.wrong[:3]}")
    need(all(len(b) == 1 for b in receiver.bodies.values()), "no id ever said two things")
    keys = [k for (k,) in stored(data, "select key from outbox")]
    need(set(keys) <= set(receiver.bodies), f"each of {len(keys)} ids came at least once after {KILLS} kills")
    foreign = set(receiver.bodies) - set(keys)
    need(not foreign, f"none came that the store does not know {list(foreign)[:3]}")
    twice = sum(n > 1 for n in receiver.attempts.values())
    need(under_way > 0, f"{under_way} kills fell between sending and noting; {twice} ids came more than once")
    alerted = {s for (s,) in stored(data, "select hex(signal_id) from outbox where kind = 'raised'")}
    signals = {s for (s,) in stored(data, "select hex(id) from signals where status = 'active'")}
    need(signals <= alerted, f"each of {len(signals)} signals that stand became an alert")
    retracted = {s for (s,) in stored(data, "select hex(id) from signals where status = 'retracted'")} & alerted
    told = {b["data"]["signal"]["id"].upper() for _, b in receiver.accepted if b["type"] == "alert.retracted"}
    need(retracted <= told and told, f"{len(told)} alerts were taken back, and their receiver knows")
