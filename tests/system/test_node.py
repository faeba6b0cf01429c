"""The program as a user meets it: errors before the start, one node per folder, SIGTERM, kill -9."""
import contextlib
import json
import os
import random
import sys
import time

from support import Node, folder, lines_of, need, run, signal_set, stored, wait_until

# --- what cannot start says why
for arguments, wanted, claim in (
        (["run"], 2, "run without --config or --mock"),
        (["run", "--mokc"], 2, "an unknown option"),
        (["rnu"], 2, "an unknown command"),
        (["run", "--mock", "--for", "30"], 2, "a duration without a unit"),
        (["check", "/nowhere/eremos.toml"], 78, "a config file that is not there")):
    code, out, err = run(*arguments)
    need(code == wanted and (err or out), f"{claim}: exit {wanted} and a message: {(err or out).strip()[:120]}")

with folder() as f:
    config = f / "bad.toml"
    config.write_text('[chains.etherum]\n[[chains.etherum.providers]]\nkind = "ethereum"\nws = "ws://127.0.0.1:1"\n\n'
                      '[watch]\naddresses = ["0xdAC17F958D2ee523a2206206994597C13D831eC7"]\n')
    code, out, err = run("check", config)
    err = out + err
    need(code == 78, "check refuses a bad config with 78")
    need("bad.toml:1:" in err and 'did you mean "ethereum"?' in err, "an unknown chain is named with its place and a guess")
    need("bad.toml:7:" in err and "0xdAC17F958D2ee523a2206206994597C13D831ec7" in err,
         "a bad checksum is named with its place and the right spelling")
    code, _, err = run("run", "--config", config, "--data-dir", f / "data")
    need(code == 78 and "bad.toml:7:" in err, "run refuses it, too")

# --- a run, watched from outside
with folder() as f:
    data = f / "data"
    node = Node(data, "--mock", "--seed", "7", "--rate", "50")
    wait_until(lambda: (data / "control.sock").exists(), 20, "the node serves its control socket")
    wait_until(lambda: len(stored(data, "select 1 from signals")) >= 3, 30, "signals are stored")
    code, _, err = run("run", "--mock", "--data-dir", data)
    need(code == 78 and str(node.process.pid) in err, "a second node on the same folder is refused, naming the first")
    code, out, _ = run("stats", "--data-dir", data, "--json")
    stats = json.loads(out.splitlines()[0])
    need(code == 0 and stats["streams"][0]["events_total"] > 0, "stats asks the running node")
    code, out, _ = run("agents", "--data-dir", data, "--json")
    agents = {json.loads(line)["agent"]: json.loads(line) for line in out.splitlines()}
    need(code == 0 and {"intelligence", "skiero"} <= set(agents), "agents lists both agents")
    need(agents["intelligence"]["state"] == "running", "and says that they run")
    begin = time.monotonic()
    need(node.stop() == 0, "SIGTERM drains and exits 0")
    need(time.monotonic() - begin < 10, "within 10 s")
    code, out, err = run("stats", "--data-dir", data)
    need(code == 0 and "no node runs" in err, "stats then shows the last stored state, and says so")

# --- a reader that leaves, and a disk that is full: said, and the node ends
with folder() as f:
    fifo = f / "fifo"
    os.mkfifo(fifo)
    code, _, err = run("run", "--mock", "--for", "1s", "--events", fifo, "--data-dir", f / "unread")
    need(code == 1 and "nobody reads this pipe" in err, "a pipe that nobody reads is refused")
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    node = Node(f / "left", "--mock", "--rate", "300", "--events", fifo)
    def read_on():
        with contextlib.suppress(BlockingIOError):
            os.read(reader, 1 << 20)
        return stored(f / "left", "select 1 from ledger")
    wait_until(read_on, 20, "blocks are stored while somebody reads")
    os.close(reader)
    wait_until(lambda: "nobody reads" in (f / "node.log").read_text(), 20, "it is said when the reader has left")
    before = stored(f / "left", "select max(block_number) from ledger")[0][0]
    wait_until(lambda: stored(f / "left", "select max(block_number) from ledger")[0][0] > before, 20,
               "and the chain goes on")
    need(node.stop() == 0, "and the node drains")
    if os.environ.get("EREMOS_FULL"):
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)  # and never reads
        node = Node(f / "stuck", "--mock", "--rate", "max", "--events", fifo)
        wait_until(lambda: (f / "stuck" / "control.sock").exists(), 20, "a node writes to a pipe")
        time.sleep(1)
        need(node.stop() == 1, "that nobody empties: it ends with 1 all the same")
        os.close(reader)
        code, _, err = run("run", "--mock", "--for", "1s", "--events", "/dev/full", "--data-dir", f / "full", seconds=60)
        need(code == 1 and "No space left" in err, "a full disk at the end is said, and the node ends with 1")

# --- kill -9: nothing lost, nothing twice
BLOCKS = 400
KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
with folder() as f:
    config = f / "mock.toml"
    config.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 11\n'
                      f'rate = "max"\nblocks = {BLOCKS}\nmempool = false\n')
    calm, rough = f / "calm", f / "rough"
    calm_events, rough_events = f / "calm.jsonl", f / "rough.jsonl"
    code, _, err = run("run", "--config", config, "--data-dir", calm, "--events", calm_events, seconds=120)
    need(code == 0, f"the undisturbed run ends by itself {err[-500:] if code else ''}")
    expected = signal_set(calm)
    need(len(expected) > 10, f"it has {len(expected)} signals")

    chance = random.Random(11)
    killed = 0
    while killed < KILLS:
        before = stored(rough, "select max(block_number) from ledger")
        before = before[0][0] if before and before[0][0] is not None else 0
        goal = BLOCKS * (killed + 1) // (KILLS + 1)
        node = Node(rough, "--config", config, "--events", rough_events)
        def reached():
            rows = stored(rough, "select max(block_number) from ledger")
            return not node.alive() or (rows and rows[0][0] is not None and rows[0][0] >= goal)
        wait_until(reached, 60, "the node gets on")
        time.sleep(chance.random() * 0.02)
        node.kill()
        killed += 1
    code, _, err = run("run", "--config", config, "--data-dir", rough, "--events", rough_events, seconds=120)
    need(code == 0, f"the last restart ends by itself {err[-500:] if code else ''}")
    found = signal_set(rough)
    need(found == expected, f"after {killed} kills the stored set equals the undisturbed run's "
                            f"({len(set(expected) - set(found))} missing, {len(set(found) - set(expected))} extra)")
    for what in ("select hex(id), status from memories order by 1",
                 "select block_number, part, position, sender, receiver, topic, details from messages order by 1, 2, 3",
                 "select hex(address), transactions, hex(balance_change), active_blocks, funding_source, hex(cluster_id), "
                 "hex(funder), hex(counterparties) from wallets order by 1"):
        need(stored(calm, what) == stored(rough, what), f"so does what `{what.split(' from ')[1].split()[0]}` holds: "
                                                        f"{len(stored(calm, what))} rows")
    clustered = stored(calm, "select count(*) from wallets where cluster_id is not null")[0][0]
    need(clustered > 10, f"{clustered} of these wallets are in clusters")
    mates = stored(calm, "select lower(hex(funder)), count(*), group_concat(lower(hex(address))) from wallets "
                         "where funder is not null group by funder order by 2 desc limit 1")[0]
    told = [json.loads(run("wallet", "0x" + who, "--data-dir", calm, "--json")[1]) for who in mates[2].split(",")]
    need(len(told) > 1 and {w["funder"].lower() for w in told} == {"0x" + mates[0]} and all(w["counterparties"] > 0 for w in told),
         f"`wallet` names the one that paid {len(told)} of them first")
    code, out, _ = run("wallet", "0x" + mates[0], "--data-dir", calm)
    need(code == 0 and "dealt with" in out and len(out.splitlines()) == 2, "and tells one wallet in a table of one line")
    code, out, err = run("wallet", "0x" + "77" * 20, "--data-dir", calm)
    need(code == 0 and out == "" and "no block of this store has that wallet" in err, "of a stranger it says so")
    calm_ids = [e["id"] for e in lines_of(calm_events)]
    rough_ids = [e["id"] for e in lines_of(rough_events)]
    need(len(rough_ids) == len(set(rough_ids)), "no event is written twice")
    need(rough_ids == calm_ids, f"the {len(rough_ids)} events written equal the undisturbed run's, in order")
    funding = [[(e["id"], e["data"]["funding_source"], e["data"]["cluster_id"]) for e in lines_of(path)
                if e["type"] == "wallet_activity"] for path in (calm_events, rough_events)]
    need(funding[0] == funding[1], f"and say the same of who funded whom, {len(funding[0])} times")
    need(stored(calm, "select count(*) from ledger") == stored(rough, "select count(*) from ledger"),
         "the ledgers are equally long")
