"""A provider without receipts by block: old logs are asked for in ranges, whatever it says of their size, and come to the
same as the truth; a log of a range that is of another block is refused, and its block asked for by hash."""
import collections
import json

from misbehaving import Program
from support import Node, folder, lines_of, need, run, stored, wait_until

HISTORY = 400
CHAIN = f"[chain]\nblock_time = 1\nhistory = {HISTORY}\n"
NONE = "[faults.no_receipts]\nevery = 1\n"


def caught_up(where, faults, verify):
    """What the provider and the node say of each other once the node has every block of the history."""
    provider = Program(where, "provider", CHAIN + NONE + faults)
    config, data, events = where / "eremos.toml", where / "data", where / "events.jsonl"
    config.write_text(f'[chains.ethereum]\nstart = 1\nverify = "{verify}"\n[[chains.ethereum.providers]]\nkind = "generic"\n'
                      f'ws = "ws://127.0.0.1:{provider.port}"\nhttp = "http://127.0.0.1:{provider.port}"\n')
    node = Node(data, "--config", config, "--events", events)
    try:
        wait_until(lambda: stored(data, f"select 1 from ledger where status = 'canonical' and block_number >= {HISTORY}"),
                   60, "the node has caught up")
        _, said, _ = run("stats", "--data-dir", data, "--json")
        connector = json.loads(said.splitlines()[0])["chains"][0]["connector"]
        need(node.stop() == 0, "and exits 0")
    finally:
        if node.alive():
            node.kill()
        report = provider.stop()
    told = collections.defaultdict(list)
    for e in lines_of(events):
        if e["type"] == "contract_event":
            told[e["block_hash"]].append((e["data"]["log_index"], e["data"]["address"].lower(), e["data"]["data"]))
    wrong = []
    for row in lines_of(provider.truth)[1:HISTORY + 1]:
        real = sorted((int(x["logIndex"], 16), x["address"], x["data"]) for x in row["logs"])
        if sorted(told[row["hash"]]) != real:
            wrong.append(row["number"])
    need(not wrong, f"each of {HISTORY} blocks has its logs, each once {wrong[:5]}")
    bad = {b["kind"]: b["count"] for b in connector["bad"]}
    return report, connector["providers"][0], bad


with folder() as f:
    report, provider, bad = caught_up(f, "", "links")
    asked = report["methods"]["eth_getLogs"]
    need(provider["log_range_blocks"] > HISTORY * 3 // 4, f"the logs of {provider['log_range_blocks']} blocks came in ranges")
    need(asked < HISTORY // 4, f"by {provider['log_ranges']} ranges; {asked} requests for logs in all")
    need(provider["log_range_refusals"] == 0, "none was refused")
    need(provider["log_range_doubts"] == 0, "none was doubted")

with folder() as f:
    report, provider, bad = caught_up(f, "[faults.log_limit]\nevery = 1\nblocks = 10\n", "logs")
    made = report["faults"]["log_limit"]
    need(made > 0 and provider["log_range_refusals"] == made, f"{made} ranges were refused as too large")
    need(provider["log_range_size"] <= 10, f"the next would have {provider['log_range_size']} blocks")
    need(provider["log_range_blocks"] > HISTORY // 2, f"the logs of {provider['log_range_blocks']} blocks came in ranges all the same")
    need(made < provider["log_ranges"] // 2, f"of {provider['log_ranges']} that were asked for")

with folder() as f:
    report, provider, bad = caught_up(f, "[faults.foreign_log]\nevery = 2\n", "links")
    made = report["faults"]["foreign_log"]
    need(made > 0 and bad.get("foreign_log_in_range") == made, f"{made} logs of another block were refused")
    need(provider["log_range_doubts"] == made, "each of those blocks was asked for by its hash")
