"""A provider with every fault there is, beside a good one, for SECONDS: no block and no log is lost, doubled or made up."""
import collections
import json
import statistics
import sys
import time

from misbehaving import Program
from support import Node, folder, lines_of, need, need_quietly, run, stored, wait_until

SECONDS = int(sys.argv[1])
SEED = int(sys.argv[2]) if len(sys.argv) > 2 else 7
SETTLE = 150  # seconds: a wrong chain id alone costs 30
CHAIN = f"[chain]\nblock_time = 1\nepoch = {int(time.time())}\nreorg_every = 9\nreorg_depth = 3\n"
# Each is made within a minute. Those of logs by range have a test of their own, test_log_ranges.py.
FAULTS = {
    "cut": "every = 37\nfirst = 20", "half_open": "every = 80\nfirst = 10", "stall": "every = 61\nfirst = 41",
    "duplicate": "every = 5\nfirst = 2", "reorder": "every = 7", "drop": "every = 9", "removed_true": "every = 6\nfirst = 3",
    "reorg": "every = 13", "wrong_hash": "every = 4", "wrong_from": "every = 5\nfirst = 2", "missing_log": "every = 5",
    "wrong_bloom": "every = 7", "forged_block": "every = 11\nfirst = 4", "wrong_chain_id": "every = 16\nfirst = 7",
    "stale_head": "every = 3", "future_block": "every = 15\nfirst = 8", "hash_only_mempool": "every = 4",
    "junk_frame": "every = 10\nfirst = 1", "big_frame": "every = 40\nfirst = 9", "error_without_id": "every = 10\nfirst = 6",
    "rate_limit": "every = 25", "slow_answer": "every = 30\nfirst = 10\nseconds = 3.5", "restart": "every = 100\nfirst = 46"}


def rss_mb(process):
    with open(f"/proc/{process.pid}/status") as lines:
        return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS")), 0)


def provider(name, port, weight):
    return (f'[[chains.ethereum.providers]]\nkind = "generic"\nname = "{name}"\nweight = {weight}\n'
            f'ws = "ws://127.0.0.1:{port}"\nhttp = "http://127.0.0.1:{port}"\n')


def standing(lines):
    """Of the events file what its reverts leave: the ids of all, and blocks, transactions and logs by block hash."""
    of_block, reverted = collections.defaultdict(list), 0
    for e in lines:
        if e["type"] == "reverted":
            of_block.pop(e["block_hash"], None)
            reverted += 1
        elif e["type"] != "mempool":
            of_block[e["block_hash"]].append(e)
    return of_block, reverted


def log_of(e):
    d = e["data"]
    return d["log_index"], d["address"].lower(), tuple(d["topics"]), d["data"]


def compare(data, events, truth, top):
    written = lines_of(events)
    of_block, reverted = standing(written)
    rows = stored(data, "select block_number, '0x' || lower(hex(block_hash)) from ledger where status = 'canonical'")
    found = collections.Counter(number for number, _ in rows)
    need(all(n == 1 for n in found.values()), "no height has two canonical blocks")
    hashes = dict(rows)
    wrong = [n for n in range(1, top + 1) if hashes.get(n) != truth[n]["hash"]]
    need(not wrong, f"{top} blocks are those of the truth, none is lost {wrong[:10]}")
    code, out, err = run("blocks", "--json", "--limit", "1000000", "--data-dir", data)
    need(code == 0, f"the ledger is listed {err[-200:]}")
    state = {row["block_hash"]: row["integrity"] for row in map(json.loads, out.splitlines()) if not row["reverted"]}
    suspects = [n for n in range(1, top + 1) if state[truth[n]["hash"]] == "suspect"]
    logs = 0
    for n in range(1, top + 1):
        if n in suspects:
            continue
        mine = of_block[truth[n]["hash"]]
        kinds = collections.Counter(e["type"] for e in mine)
        need_quietly(kinds["block"] == 1, f"block {n} is told once, not {kinds['block']} times")
        paid = sorted((e["data"]["hash"], e["data"]["from"].lower()) for e in mine if e["type"] == "transaction")
        need_quietly(paid == sorted((t["hash"], t["from"]) for t in truth[n]["transactions"]),
                     f"block {n} has its transactions, each once, and their senders")
        told = sorted(log_of(e) for e in mine if e["type"] == "contract_event")
        real = sorted((int(x["logIndex"], 16), x["address"], tuple(x["topics"]), x["data"]) for x in truth[n]["logs"])
        need_quietly(told == real, f"block {n} has its {len(real)} logs, each once; told were {len(told)}")
        logs += len(real)
    print(f"ok: {logs} logs and every transaction are there as they are in the truth, none twice")
    ids = [e["id"] for mine in of_block.values() for e in mine] + [e["id"] for e in written if e["type"] == "mempool"]
    need(len(ids) == len(set(ids)), f"none of {len(ids)} events is left twice")
    # Within a minute the node may be elsewhere each time the chain itself is on a branch that loses.
    need(reverted > 0 or SECONDS < 300, f"{reverted} blocks of branches that lost were taken back")
    return of_block, state, suspects, written


with folder() as f:
    data, events, config = f / "data", f / "events.jsonl", f / "eremos.toml"
    good = Program(f, "good", CHAIN, SEED)
    bad = Program(f, "bad", CHAIN + "".join(f"[faults.{name}]\n{when}\n" for name, when in FAULTS.items()), SEED, truth=False)
    node = None
    try:
        config.write_text("[chains.ethereum]\nstart = 1\nquorum = 2\nblock_time = \"1s\"\n"
                          + provider("bad", bad.port, 100) + provider("good", good.port, 1))
        node = Node(data, "--config", config, "--events", events)
        memory, began = [], time.monotonic()
        while time.monotonic() - began < SECONDS:
            time.sleep(1)
            need_quietly(node.alive(), "the node lives")
            memory.append(rss_mb(node.process))
        top = len(lines_of(good.truth)) - 5  # beyond that a branch may stand that is about to lose
        wait_until(lambda: stored(data, f"select 1 from ledger where status = 'canonical' and block_number >= {top}"),
                   SETTLE, f"block {top} is stored")
        print(f"caught up after {time.monotonic() - began - SECONDS:.0f} s more")
        time.sleep(5)  # answers that come late
        _, said, _ = run("stats", "--data-dir", data, "--json")
        connector = json.loads(said.splitlines()[0])["chains"][0]["connector"]
        need(node.stop() == 0, "the node drains and exits 0")
        report = bad.stop()
        first_asked = good.stop()["first_asked"]

        parts = [statistics.median(memory[i * len(memory) // 10:(i + 1) * len(memory) // 10]) for i in range(10)]
        print(f"RSS in MB, medians of ten parts: {' '.join(f'{p:.0f}' for p in parts)}; {max(memory):.0f} at most")
        never = [name for name in FAULTS if not report["faults"][name]]
        print("faults made: " + ", ".join(f"{name} {count}" for name, count in report["faults"].items()))
        need(not never, f"each of {len(FAULTS)} faults was made {never}")
        truth = {row["number"]: row for row in lines_of(good.truth)}
        of_block, state, suspects, written = compare(data, events, truth, top)

        lies = [p for p in report["planted"] if p["fault"] != "forged_block" and p["number"] <= top and p["hash"] in state]
        told = [p for p in lies if p.get("delivered")]  # of the others nobody heard
        ends = collections.Counter((p["fault"], p["field"], state[p["hash"]]) for p in told)
        print(f"{len(lies)} lies about canonical blocks, {len(told)} of them told: "
              + ", ".join(f"{n} {f} ({x}) {s}" for (f, x, s), n in sorted(ends.items())))
        print("bad input: " + ", ".join(f"{b['count']} {b['kind']}" for b in connector["bad"]))
        # The ledger says what came before the right answer. Where the block had been asked for of somebody else by then, or
        # once more, the right one may have been the first: then the node must say so.
        late = [p for p in told if state[p["hash"]] not in ("repaired", "suspect")]
        print("verified: " + ", ".join(f"{p['number']} ({p['field']}, told after {p['seconds']:.1f} s)" for p in late))
        believed = [p for p in late if p["asked"] < 2 and not first_asked.get(p["hash"], p["at"]) < p["at"]]
        need(not believed, f"each that was told before its block was asked for elsewhere ended repaired or suspect {believed[:5]}")
        bad_input = {b["kind"]: b["count"] for b in connector["bad"]}
        blocks, said = {p["hash"] for p in late}, bad_input.get("wrong_after_right", 0)
        need(len(blocks) <= said, f"so did all the others but those of {len(blocks)} blocks, of {said} that the node heard too late")
        accused = next(p["suspect"] for p in connector["providers"] if p["name"] == "bad")
        lied_about = {p["hash"] for p in told}
        need(accused >= len(lied_about), f"{accused} wrong answers are counted, at least one for each of {len(lied_about)} blocks")
        need(any(s == "repaired" for s in state.values()), f"blocks were repaired; {len(suspects)} are suspect")
        forged = {p["hash"] for p in report["planted"] if p["fault"] == "forged_block"}
        rows = {row[0] for row in stored(data, "select '0x' || lower(hex(block_hash)) from ledger")}
        need(forged and not forged & rows, f"none of {len(forged)} forged blocks was ever stored")
        need(not forged & {e.get("block_hash") for e in written}, "nor told")
        for p in connector["providers"]:
            print(f"{p['name']}: {p['fetches']} blocks asked, {p['failures']} failed, {p['suspect']} suspect, "
                  f"{p['disagreements']} disagreed, {p['reconnects']} reconnects, {p['rate_limited']} rate limited")
        if SECONDS >= 300:
            need(max(parts[5:]) < 1.1 * max(parts[1:5]) + 5, "memory is flat")
    finally:
        if node and node.alive():
            node.kill()
        for one in (good, bad):
            if one.process.poll() is None:
                one.process.kill()
