"""Every example runs and shows its idea."""
import json
import os
import pathlib
import subprocess
import sys

from support import NODE, folder, need, run

PROGRAMS = pathlib.Path(sys.argv[1])
SOURCES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def signals_of(program, *more):
    """What `run --mock` of a program prints in 4 s."""
    with folder() as f:
        done = subprocess.run([program, "run", "--mock", "--rate", "max", "--for", "4s", "--json",
                               "--data-dir", f / "data", *more],
                              capture_output=True, text=True, timeout=60, env=os.environ)
        need(done.returncode == 0, f"{pathlib.Path(program).name} ends 0 {done.stderr[-300:] if done.returncode else ''}")
        return [json.loads(line) for line in done.stdout.splitlines()]


signals = signals_of(PROGRAMS / "01_hello_agent")
greeted = [s for s in signals if s["agent"] == "hello"]
need(greeted and all(s["type"] == "contract_created" for s in greeted), f"01 greets {len(greeted)} new contracts")
need(any(s["agent"] == "intelligence" for s in signals), "beside the agents that come with Eremos")

told = [s for s in signals_of(PROGRAMS / "02_custom_rule") if s["agent"] == "unlimited-approval"]
need(told and all(s["type"] == "unlimited_approval" and s["severity"] == "high" for s in told),
     f"02 tells of {len(told)} unlimited approvals")

known = [s for s in signals_of(PROGRAMS / "03_agents_talking") if s["type"] == "payer_known"]
need(known and all(s["agent"] == "scout" for s in known), f"03's scout was answered {len(known)} times")

rules = SOURCES / "04_rules_without_code" / "rules.toml"
code, _, err = run("check", rules)
need(code == 0, f"04 is valid {err}")
found = {(s["agent"], s["type"]) for s in signals_of(NODE, "--config", rules)}
for agent, kind in (("large-payment", "large_payment"), ("collector", "token_collector"),
                    ("launch-alarm", "launch_alarm")):
    need((agent, kind) in found, f"04: {agent} told of a {kind}")
