"""Every example runs and shows its idea."""
import json
import os
import subprocess
import sys

from support import folder, need

HELLO = sys.argv[1]
with folder() as f:
    done = subprocess.run([HELLO, "run", "--mock", "--rate", "max", "--for", "4s", "--json", "--data-dir", f / "data"],
                          capture_output=True, text=True, timeout=60, env=os.environ)
    need(done.returncode == 0, f"01_hello_agent ends 0 {done.stderr[-300:] if done.returncode else ''}")
    signals = [json.loads(line) for line in done.stdout.splitlines()]
    greeted = [s for s in signals if s["agent"] == "hello"]
    need(greeted and all(s["type"] == "contract_created" for s in greeted), f"it greets {len(greeted)} new contracts")
    need(any(s["agent"] == "intelligence" for s in signals), "beside the agents that come with Eremos")
