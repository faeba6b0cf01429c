"""--load: an agent from a shared library is one among the others, and what cannot work is refused with the reason."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from misbehaving import block, receipt, transaction
from support import folder, need, replay, run

HELLO_PROGRAM, HELLO, REFUSED = sys.argv[1], pathlib.Path(sys.argv[2]).resolve(), pathlib.Path(sys.argv[3])
MOCK = ('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 5\n'
        'rate = "max"\nblocks = 60\n')


def refused(*reasons, loads, program=None):
    """Exit 2 before anything is done, and every reason in what is said."""
    arguments = ["run", "--mock", "--for", "1s"] + [a for file in loads for a in ("--load", str(file))]
    with folder() as f:
        arguments += ["--data-dir", str(f / "data")]
        if program is None:
            code, out, err = run(*arguments)
        else:
            done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60)
            code, out, err = done.returncode, done.stdout, done.stderr
        need(code == 2 and not out, f"{' + '.join(pathlib.Path(x).name for x in loads)} is refused (exit {code}) {out[-300:]}")
        need(all(r in err for r in reasons), f"and it says why: {err.strip()}")
        need(not (f / "data").exists(), "and nothing is begun")


# --- what works
with folder() as f:
    config = f / "mock.toml"
    config.write_text(MOCK)
    code, out, err = run("run", "--config", config, "--load", HELLO, "--json", "--data-dir", f / "data")
    need(code == 0, f"a run with a plugin ends 0 {err[-500:] if code else ''}")
    signals = [json.loads(line) for line in out.splitlines()]
    greeted = [s for s in signals if s["agent"] == "hello"]
    need(greeted and all(s["type"] == "contract_created" for s in greeted), f"its agent greets {len(greeted)} new contracts")
    need(any(s["agent"] == "intelligence" for s in signals), "beside the agents that come with Eremos")
    done = subprocess.run([HELLO_PROGRAM, "run", "--config", config, "--json", "--data-dir", f / "linked"],
                          capture_output=True, text=True, timeout=60, env=os.environ)
    linked = {s["id"] for s in map(json.loads, done.stdout.splitlines()) if s["agent"] == "hello"}
    need({s["id"] for s in greeted} == linked, f"the same {len(linked)} signals as where it is linked in")

    config.write_text(MOCK + "[agents.hello]\nenabled = false\n")
    code, out, _ = run("check", config)
    need(code == 78 and 'unknown agent "hello"' in out, "a configuration that names an unknown agent is not valid")
    code, _, err = run("check", config, "--load", HELLO)
    need(code == 0, f"but it is where the plugin is loaded {err}")

    creation = {**transaction(1, 0), "to": None}
    proof = {**receipt(creation), "to": None, "contractAddress": "0x" + "77" * 20}
    whole = block(1, [creation])
    lines = [("eth_getBlockByHash", [whole["hash"], True], whole), ("eth_getBlockReceipts", [whole["hash"]], [proof])]
    recording = f / "recording.jsonl"
    recording.write_text("".join(
        json.dumps({"chain_id": 1, "method": method, "params": params, "result": result}) + "\n"
        for method, params, result in lines))
    signals, _ = replay(recording, "--load", HELLO, "--agents", "hello")
    need([s["type"] for s in signals] == ["contract_created"], "a replay takes it as well")

# --- what is refused
with folder() as f:
    text, cut, copy = f / "text.so", f / "cut.so", f / "copy.so"
    text.write_text("not a library\n")
    cut.write_bytes(HELLO.read_bytes()[:4096])
    shutil.copy(HELLO, copy)
    refused("text.so", "is not an ELF file", loads=[text])
    refused("outside the file", loads=[cut])
    refused("no such file", loads=[f / "none.so"])
    refused("not a file that can be read", loads=[f])
    refused("was not built as an Eremos plugin", loads=[REFUSED / "plain.so"])
    refused("another Eremos (99.0.0; here ", loads=[REFUSED / "of_another_version.so"])
    refused("registers no agent", loads=[REFUSED / "silent.so"])
    refused("throwing.so", "an initialiser of it threw: no licence for today", loads=[REFUSED / "throwing.so"])
    refused("incomplete.so", "undefined symbol", "defined_nowhere", loads=[REFUSED / "incomplete.so"])
    refused("is given twice", loads=[HELLO, HELLO])
    (f / "link.so").symlink_to(HELLO)
    refused("link.so", "is given twice", loads=[HELLO, f / "link.so"])
    refused('copy.so: its agent "hello" has the id of an agent of ', str(HELLO), loads=[HELLO, copy])
    refused('its agent "hello" has the id of an agent of this program', loads=[HELLO], program=HELLO_PROGRAM)
    code, _, err = run("replay", "none.jsonl", "--load", text)
    need(code == 2 and "is not an ELF file" in err, "a replay refuses the same")
    code, _, err = run("check", "none.toml", "--load", text)
    need(code == 2 and "is not an ELF file" in err, "and so does check")
