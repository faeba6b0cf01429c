"""Bridges of a recording that holds two chains: one set of signals in whatever order the chains come, nothing of what was
taken back, and a story that can be told."""
import json

from bridges import (RecordedChain, across_deposit, across_fill, cctp_burn, cctp_mint, ether_came, ether_sent)
from support import folder, need, run


def wallet(n):
    return f"0x{0xB01D << 144 | n:040x}"


ANNA, BERT, CORA, DORA, EMIL = (wallet(i) for i in range(1, 6))
TYPES = ("bridge_transfer", "cross_chain_cluster")


def chains():
    """Two minutes on both; the fill of deposit 8 comes before it."""
    one, ten = RecordedChain(1, 12), RecordedChain(10, 2)
    one.blocks(2).block((ANNA, [across_deposit(7, ANNA, ANNA, 5_000_000)]), (BERT, [cctp_burn(70, BERT, CORA, 900)]))
    one.block((DORA, [ether_sent(DORA, DORA, 123_456_789)]), (EMIL, [ether_sent(EMIL, EMIL, 1_000), ether_sent(EMIL, EMIL, 1_000)]))
    one.block((ANNA, [across_deposit(8, ANNA, BERT, 6_000_000)]), (CORA, [across_deposit(9, CORA, CORA, 77)])).blocks(5)
    forged = across_fill(9, CORA, CORA, 77)
    forged["address"] = "0x" + "66" * 20
    ten.blocks(20).block((ANNA, [across_fill(7, ANNA, ANNA, 5_000_000)]), (CORA, [forged]))
    ten.block((ANNA, [across_fill(8, ANNA, BERT, 6_000_000)])).block((CORA, [cctp_mint(70, BERT, CORA, 900)]))
    ten.block((DORA, [ether_came(DORA, DORA, 123_456_789)]), (EMIL, [ether_came(EMIL, EMIL, 1_000)])).blocks(36)
    return one, ten


def replayed(path, lines, *more):
    path.write_text("".join(text + "\n" for _, text in lines))
    code, out, err = run("replay", path, *more)
    need(code == 0, f"the recording is replayed {err[-300:] if code else ''}")
    found = [s for s in map(json.loads, out.splitlines()) if s["type"] in TYPES]
    for s in found:
        s.pop("emitted_at")
    return sorted(found, key=lambda s: (s["id"], s["revision"]))


with folder() as f:
    recording = f / "recording.jsonl"
    one, ten = chains()
    orders = {"chain 1 first": one.lines + ten.lines, "chain 10 first": ten.lines + one.lines,
              "by time": sorted(one.lines + ten.lines, key=lambda x: x[0]),
              "by time, the other way round": sorted(ten.lines + one.lines, key=lambda x: x[0])}
    expected = replayed(recording, orders["by time"])
    transfers = [s for s in expected if s["type"] == "bridge_transfer"]
    clusters = [s for s in expected if s["type"] == "cross_chain_cluster"]
    keys = sorted(s["details"].get("key", s["details"]["bridge"]) for s in transfers)
    need(keys == ["across:1:7", "across:1:8", "cctp:0:70", "op_bridge"],
         f"what an id joins, and what fits alone, is linked; what fits twice or is forged is not: {keys}")
    need(all(sorted(b["chain_id"] for b in s["blocks"]) == [1, 10] and len(s["evidence"]) == 2 for s in expected),
         "each rests on a block of both chains and names an event of both")
    need(sorted((len(s["details"]["addresses"]), s["confidence"]) for s in clusters) ==
         [(1, 0.9), (1, 0.9), (2, 0.5), (2, 0.5)], "wallets that are one address, and pairs of two, are of one hand")
    before = next(s for s in transfers if s["details"].get("key") == "across:1:8")
    need(before["details"]["seconds"] < 0, "a fill may come before its deposit")
    for name, lines in orders.items():
        for workers in (1, 4):
            need(replayed(recording, lines, "--workers", workers) == expected,
                 f"{name}, {workers} workers: the same signals")

    # Another block stands in the place of the one with the fill: nothing rests on it.
    one, ten = RecordedChain(1, 12), RecordedChain(10, 2)
    one.block((ANNA, [across_deposit(7, ANNA, ANNA, 5_000_000)])).blocks(4)
    ten.blocks(5).block((ANNA, [across_fill(7, ANNA, ANNA, 5_000_000)]))
    stood = ten.last
    ten.block(fork=" of a fork").blocks(3)
    for lines in (one.lines + ten.lines, ten.lines + one.lines):
        need(replayed(recording, lines) == [], "a competing block takes the link back")
    ten.block((ANNA, [across_fill(7, ANNA, ANNA, 5_000_000)])).blocks(20)
    found = replayed(recording, one.lines + ten.lines)
    need([s["type"] for s in found if s["type"] == "bridge_transfer"] == ["bridge_transfer"] and
         all(stood != b["block_hash"] for s in found for b in s["blocks"]), "and where the fill comes again, it is linked")

    data = f / "data"
    need(replayed(recording, orders["chain 1 first"], "--data-dir", data) == expected, "with a data folder the same")
    need(replayed(recording, orders["chain 10 first"], "--data-dir", data) == [], "a second time nothing is new")
    for s in expected:
        code, out, err = run("explain", s["id"], "--data-dir", data)
        need(code == 0 and s["details"]["bridge"] in out and s["details"]["deposit"] in out, f"{s['type']} is explained {err}")
        need("log:1:" in out and "log:10:" in out and "canonical" in out, "with the events and blocks of both chains")
    need(replayed(recording, orders["by time"], "--agents", "theron") == [], "without bridge-watchers nobody links")
