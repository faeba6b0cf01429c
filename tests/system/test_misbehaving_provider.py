"""The misbehaving provider itself: what it serves is verified, each lie fails the check it should, and a plan that is
wrong is refused with its line."""
import json
import subprocess
import sys
import urllib.request

from misbehaving import Program
from support import ROOT, folder, need, run

TOOL = ROOT / "tests/support/misbehaving_provider"
CHAIN = "[chain]\nblock_time = 60\nhistory = 24\n"


def rpc(provider, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{provider.port}", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["result"]


def answers(where, faults=""):
    """Blocks 1 to 24 and their receipts, as lines of a recording."""
    provider = Program(where, "provider", CHAIN + faults)
    try:
        return [{"chain_id": 1, "method": method, "params": [hex(n), *more], "result": rpc(provider, method, hex(n), *more)}
                for n in range(1, 25) for method, more in (("eth_getBlockByNumber", [True]), ("eth_getBlockReceipts", []))]
    finally:
        provider.stop()


def judged(where, lines):
    """Summary of a replay, and the checks that its suspect blocks fail."""
    recording, summary, data = where / "recording.jsonl", where / "summary.json", where / "data"
    recording.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, _, err = run("replay", recording, "--summary", summary, "--data-dir", data, seconds=120)
    need(code == 0, f"the replay exits 0 {err[-300:] if code else ''}")
    _, rows, _ = run("blocks", "--state", "suspect", "--json", "--data-dir", data)
    return json.loads(summary.read_text()), [json.loads(row)["check"] for row in rows.splitlines()]


for text, line, what in (("[faults.cutt]\nevery = 1", 1, "faults.cutt: unknown fault"),
                         ("[faults.cut]\n\nevery = \"a\"", 3, "faults.cut.every: want a whole number"),
                         ("[chain]\n[faults.cut]\nevery = 1\nat = [2]", 2, "faults.cut: want either `every` or `at`"),
                         ("[chain]\nblock_tim = 2", 2, "chain.block_tim: unknown"),
                         ("[chain]\nchain_id = 1\nx", 3, "")):
    with folder() as f:
        (f / "plan.toml").write_text(text)
        done = subprocess.run([sys.executable, str(TOOL), "--plan", str(f / "plan.toml")], capture_output=True, text=True, timeout=60)
        need(done.returncode == 2 and f"plan.toml:{line}: {what}" in done.stderr, f"a wrong plan: {done.stderr.strip()[-90:]}")

for faults, checks in (("", []), ("[faults.wrong_from]\nat = [2]\n", ["sender"]), ("[faults.missing_log]\nat = [3]\n", ["receipts_root"]),
                       ("[faults.wrong_bloom]\nat = [1]\n", ["logs_bloom"]), ("[faults.wrong_hash]\nevery = 1\ntimes = 2\n", ["header_hash"])):
    with folder() as f:
        lines = answers(f, faults)
        if "wrong_hash" in faults:  # the first is no block at all: its transactions name another hash
            lines = lines[2:]
        summary, found = judged(f, lines)
        need(found == checks, f"{' '.join(faults.split()) or 'no fault'}: suspect for {found}, {summary['verified']} verified")
        need(summary["verified"] + len(found) == len(lines) // 2, "and everything else is verified")

# What doctor says of it, beside what it says of Anvil and Ganache in test_providers.py.
with folder() as f:
    provider = Program(f, "provider", "[chain]\nblock_time = 0.5\nhistory = 200\n[faults.no_receipts]\nevery = 1\n"
                       "[faults.stall]\nevery = 1\nseconds = 60.0\n[faults.log_limit]\nevery = 1\nblocks = 20\n")
    try:
        url = f"127.0.0.1:{provider.port}"
        (f / "eremos.toml").write_text('[chains.ethereum]\n[[chains.ethereum.providers]]\nkind = "generic"\n'
                                       f'ws = "ws://{url}"\nhttp = "http://{url}"\n')
        code, out, _ = run("doctor", "--config", f / "eremos.toml", "--json", "--listen", "3s", seconds=60)
        said = {x["what"]: x for x in json.loads(out)["providers"][0]["findings"]}
        need(code == 1 and said["heads"]["state"] == "FAIL", f"doctor finds that its heads stall: {said['heads']['text']}")
        need(said["receipts"]["state"] == "note", "and that it has no receipts by block, a note")
        need("10 blocks" in said["log_range"]["text"], f"and the widest range of those tried: {said['log_range']['text']}")
        need("misbehaving" in said["client"]["text"] and said["finalized"]["state"] == "ok", "and what it is and does right")
    finally:
        provider.stop()
