"""A block of a recording is verified; with one thing of it changed it is suspect, and the ledger names the check."""
import gzip
import json

from support import SHARED, folder, need, run, skip

RECORDING = SHARED / "recordings" / "ethereum-blocks-with-receipts.jsonl.gz"
if not RECORDING.exists():
    skip(f"no {RECORDING}")
LINES = [json.loads(line) for line in gzip.open(RECORDING, "rt")]


def one_log_less(block, receipts):
    del receipts[1]["logs"][7]


def another_value(block, receipts):
    block["transactions"][3]["value"] = hex(10_000 * 10**18)  # an agent speaks of that much


def one_transaction_less(block, receipts):
    del block["transactions"][93]
    del receipts[93]


def receipts_swapped(block, receipts):
    receipts[0]["logs"], receipts[1]["logs"] = receipts[1]["logs"], receipts[0]["logs"]


def another_state(block, receipts):
    block["stateRoot"] = "0x" + "11" * 32


def another_sender(block, receipts):
    block["transactions"][3]["from"] = receipts[3]["from"] = "0x" + "22" * 20


def replayed(change):
    """Summary, ledger and signals of the recording with `change` made to it."""
    lines = json.loads(json.dumps(LINES))
    change(*(next(line["result"] for line in lines if line["method"].startswith(method))
             for method in ("eth_getBlockBy", "eth_getBlockReceipts")))
    with folder() as f:
        recording, summary, data = f / "changed.jsonl", f / "summary.json", f / "data"
        recording.write_text("".join(json.dumps(line) + "\n" for line in lines))
        code, out, err = run("replay", recording, "--summary", summary, "--data-dir", data)
        need(code == 0, f"the replay exits 0 {err[-300:] if code else ''}")
        code, suspects, _ = run("blocks", "--state", "suspect", "--json", "--data-dir", data)
        need(code == 0, "the ledger is listed")
        return (json.loads(summary.read_text()), [json.loads(line) for line in suspects.splitlines()],
                [json.loads(line) for line in out.splitlines()])


summary, suspects, honest = replayed(lambda block, receipts: None)
need((summary["verified"], summary["suspect"]) == (1, 0) and not suspects, "the block as it is is verified")
need(not any("integrity" in s for s in honest), f"its {len(honest)} signals say nothing of that")

for change, check in ((one_log_less, "receipts_root"), (another_value, "transactions_root"),
                      (one_transaction_less, "transactions_root"), (receipts_swapped, "receipts_root"),
                      (another_state, "header_hash"), (another_sender, "sender")):
    summary, suspects, signals = replayed(change)
    need((summary["verified"], summary["suspect"]) == (0, 1), f"{change.__name__}: the block is suspect")
    found = [(row["block_number"], row["integrity"], row["check"]) for row in suspects]
    need(found == [(18_000_000, "suspect", check)], f"{change.__name__}: {found} names {check}")
    need(suspects[0]["detail"].startswith("expected "), f"{change.__name__}: {suspects[0]['detail'][:120]}")
    need(all(s.get("integrity") == "suspect" and s["confidence"] <= 0.5 for s in signals),
         f"{change.__name__}: its {len(signals)} signals are marked, and believed half at most")
    need(signals or change is not another_value, f"{change.__name__}: it is delivered at once")
