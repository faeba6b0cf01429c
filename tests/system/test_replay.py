"""Recordings: exact counts, the same set of signals on any number of workers, clear errors."""
import json
import pathlib

from support import ROOT, SHARED, folder, lines_of, need, replay, run, skip

RECORDINGS = SHARED / "recordings"
if not RECORDINGS.exists():
    skip(f"no {RECORDINGS}")


def truth_of(recording):
    """Blocks, transactions and logs of a recording, counted without Eremos."""
    blocks, transactions, logs = set(), set(), set()
    for line in lines_of(recording):
        chain, method, result = line["chain_id"], line["method"], line["result"]
        if method.startswith("eth_getBlockBy") and result:
            blocks.add((chain, result["hash"]))
            for t in result["transactions"]:
                if isinstance(t, dict):  # a hash alone is no decoded transaction
                    transactions.add((chain, t["hash"]))
        receipts = result if method == "eth_getBlockReceipts" else [result] if method == "eth_getTransactionReceipt" else []
        for r in receipts:
            if not r:
                continue
            transactions.add((chain, r["transactionHash"]))
            logs |= {(chain, log["blockHash"], log["logIndex"]) for log in r["logs"]}
    return len(blocks), len(transactions), len(logs)


for recording in sorted(RECORDINGS.glob("*.jsonl.gz")):
    signals, summary = replay(recording)
    blocks, transactions, logs = truth_of(recording)
    counted = (summary["blocks"], summary["transactions"], summary["logs"])
    need(counted == (blocks, transactions, logs), f"{recording.name}: {counted} blocks, transactions, logs; the recording holds {(blocks, transactions, logs)}")
    need(summary["malformed"] == 0, f"{recording.name}: nothing malformed")
    if "-varied" in recording.name:
        need(summary["discontinuities"] == blocks - 1, f"{recording.name}: {blocks - 1} discontinuities")
    judged = [summary[state] for state in ("verified", "repaired", "suspect", "unchecked")]
    need(sum(judged) == blocks, f"{recording.name}: verified, repaired, suspect, unchecked {judged} are all blocks")
    need(judged[2] == (1 if "base" in recording.name else 0), f"{recording.name}: only the block without its body is suspect")
    need(len(signals) == summary["signals"], f"{recording.name}: {len(signals)} signals on stdout, as summed up")

for name in ("ethereum-receipts-only", "ethereum-varied"):
    runs = []
    for workers in (1, 2, 2):
        signals, _ = replay(RECORDINGS / f"{name}.jsonl.gz", "--workers", workers)
        for s in signals:
            s.pop("emitted_at")
        runs.append(sorted(json.dumps(s, sort_keys=True) for s in signals))
    need(runs[0] == runs[1] == runs[2], f"{name}: the same {len(runs[0])} signals with 1, 2 and 2 workers")
    need(len(runs[0]) > 0, f"{name}: at least one signal")

def memories(recording, workers):
    """All that a replay leaves in the shared memory, and which agents its correlations name."""
    with folder() as f:
        replay(RECORDINGS / f"{recording}.jsonl.gz", "--workers", workers, "--data-dir", f / "data")
        code, out, _ = run("memory", "--json", "--limit", "100000", "--data-dir", f / "data")
        need(code == 0, f"{recording}: memory lists what the replay left")
        found = [json.loads(line) for line in out.splitlines()]
        agents = [m["details"]["agents"] for m in found if m["type"] == "correlation"]
        return sorted((m["type"], m["key"], m["id"]) for m in found), agents

for recording, together in (("polygon_pos-varied", "intelligence,skiero"),
                            ("ethereum-receipts-only", "harvester,intelligence")):
    first, agents = memories(recording, 1)
    need(together in agents, f"{recording}: {len(first)} memories, {len(agents)} correlations, one of what {together} said")
    for workers in (2, 2):
        need(memories(recording, workers)[0] == first, f"{recording}: the same memories with {workers} workers")


def funding_told(recording, *options):
    """What wallet activities say of funding: (address, source, cluster) of each that says something."""
    with folder() as f:
        replay(recording, "--events", f / "events.jsonl", *options)
        activities = [e["data"] for e in lines_of(f / "events.jsonl") if e["type"] == "wallet_activity"]
    told = [(a["address"], a["funding_source"], a["cluster_id"]) for a in activities]
    return [t for t in told if t[1:] != ("unknown", None)]


exchanges = {row.split(",")[3].lower() for row in (ROOT / "runtime/registry/labels.csv").read_text().splitlines()
             if row.split(",")[1:2] == ["cex"]}
# One block of one recording: whom exchanges paid first there, read without Eremos.
first_payers, paid_by_exchange = {}, RECORDINGS / "ethereum-blocks-with-receipts.jsonl.gz"
failed = {r["transactionHash"] for line in lines_of(paid_by_exchange) if line["method"] == "eth_getBlockReceipts"
          for r in line["result"] if r["status"] == "0x0"}
for line in lines_of(paid_by_exchange):
    for t in line["result"]["transactions"] if line["method"].startswith("eth_getBlockBy") else []:
        if t["to"] and int(t["value"], 16) and t["hash"] not in failed and t["to"] != t["from"]:
            first_payers.setdefault(t["to"], t["from"])
expected = {who for who, payer in first_payers.items() if payer in exchanges}
told = funding_told(paid_by_exchange)
need({who for who, source, _ in told if source == "cex" and who in first_payers} == expected and expected,
     f"an exchange paid {len(expected)} wallets of the block first, and their events say so")
need(not exchanges & {who for who, _, cluster in told if cluster}, "no exchange is in a cluster")

told = funding_told(RECORDINGS / "ethereum-varied.jsonl.gz")
clusters = {}
for who, _, cluster in told:
    clusters.setdefault(cluster, set()).add(who)
clusters.pop(None)
from_exchange = {who for who, source, _ in told if source == "cex"}
need(len(from_exchange) > 10, f"exchanges paid {len(from_exchange)} wallets of 75 blocks first")
need(len(clusters) > 100 and min(map(len, clusters.values())) > 1, f"{len(clusters)} clusters, none of one wallet")
optimism = RECORDINGS / "optimism-varied.jsonl.gz"
need(funding_told(optimism, "--workers", 1) == funding_told(optimism, "--workers", 2), "the same funding with 1 and 2 workers")

signals, _ = replay(RECORDINGS / "ethereum-receipts-only.jsonl.gz")
need(any(s["type"] == "contract_activity_spike" for s in signals), "receipts alone show a contract activity spike")

with folder() as f:
    events = f / "events.jsonl"
    signals, summary = replay(RECORDINGS / "ethereum-blocks-with-receipts.jsonl.gz", "--events", events)
    written = lines_of(events)
    need(len(written) == sum(summary["events"].values()), f"--events holds all {len(written)} events")
    need(len({e["id"] for e in written}) == len(written), "--events holds each event once")

    missing = f / "missing.jsonl"
    code, _, err = run("replay", missing)
    need(code == 2 and str(missing) in err, "an unreadable recording is named, exit 2")

    torn = f / "torn.jsonl"
    whole = pathlib.Path(RECORDINGS / "ethereum-blocks-with-receipts.jsonl.gz").read_bytes()
    cut = f / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    _, summary = replay(cut)
    need(summary["truncated"] == 1, "a truncated recording is counted")

    torn.write_text('{"chain_id":1,"method":"eth_getBlockByNumber"\nnot json at all\n'
                    '{"chain_id":1,"method":"eth_getBlockByNumber","params":["0x1",true],"result":null}\n'
                    '{"chain_id":1,"method":"eth_getBlockByNumber","params":["0x2",true],"error":{"code":-32000,"message":"no"}}\n'
                    '{"chain_id":1,"method":"eth_nothing","params":[],"result":1}\n')
    _, summary = replay(torn)
    need(summary["malformed"] == 2 and summary["unknown_methods"] == 1, "malformed lines and unknown methods are counted")
    need(summary["no_result"] == 2, "so are null blocks and the provider's errors")

    code, _, err = run("replay", torn, "--agents", "inteligence")
    need(code == 2 and 'did you mean "intelligence"?' in err, "an unknown agent is refused with a guess, exit 2")
