"""Every scenario through the program: who should speak does, and nobody else, whatever the seed and the workers."""
import json
import os

from support import ROOT, folder, need, run

NAMES = sorted(p.stem for p in (ROOT / "examples/scenarios").glob("*.toml"))


def play(name, *arguments, **options):
    return run("run", "--scenario", name, "--expect", "--log-level", "error", *arguments, **options)


need(len(NAMES) == 9, f"there are nine scenarios: {', '.join(NAMES)}")

# --- they hold, wherever the program stands
with folder() as f:
    home = {**os.environ, "HOME": str(f), "XDG_STATE_HOME": str(f / "state"), "TMPDIR": str(f)}
    for name in NAMES:
        for seed in range(1, 6):
            code, out, err = play(name, "--mock", "--seed", seed, "--workers", 1 + seed % 2, env=home)
            met = [line for line in out.splitlines() if line.startswith(("met ", "not met "))]
            need(code == 0 and met and all(line.startswith("met ") for line in met) and not err,
                 f"{name}, seed {seed}: {len(met)} expectations are met {(out[-300:], err) if code or err else ''}")
    need(not list(f.iterdir()), "nothing is left behind, neither among the user's data nor in the temporary folder")

code, out, _ = play("coordinated_response")
line = next(line for line in out.splitlines() if " coordinated_response" in line and "met" not in line.split())
need(code == 0 and "anomaly-response" in line, f"the console names the agent: {line.strip()}")
need("met      anomaly-response coordinated_response naming harvester,intelligence,launch-tracker,observer,skiero,theron: "
     "1 seen, at least 1 wanted\n" in out and "met      nothing else: 0 seen\n" in out,
     "and what was expected of it is said")
code, out, err = play("calm")
need(code == 0 and out == "met      nothing else: 0 seen\n", "calm: nobody says anything")

# --- a file of one's own, and expectations that are not met
with folder() as f:
    own = f / "own.toml"
    text = ('name = "own"\ndescription = "a run"\nnothing_else = true\n[mock]\npatterns = ["whale"]\nblocks = 4\n'
            '[[expect]]\nagent = "intelligence"\ntype = "high_value_transaction"\n')
    own.write_text(text)
    code, out, _ = play(own)
    need(code == 1 and "met      intelligence high_value_transaction: 1 seen, at least 1 wanted\n"
         "not met  nothing else: 1 seen: theron archival (1)\n" in out, "what else came is named, exit 1")
    own.write_text(text.replace('"whale"', '"claims"'))
    code, out, _ = play(own)
    need(code == 1 and "not met  intelligence high_value_transaction: 0 seen, at least 1 wanted; of intelligence came "
         "nothing\n" in out, "what did not come is named, exit 1")
    code, out, err = play(own, "--json")
    need(code == 1 and all(json.loads(line)["agent"] == "observer" for line in out.splitlines())
         and "not met  intelligence" in err, "with --json the check is told on stderr")
    own.write_text(text.replace("blocks = 4", "blocks = 0").replace("intelligence", "inteligence"))
    code, out, err = play(own)
    need(code == 78 and f"{own}:4:1: [mock] has no blocks" in err
         and f'{own}:8:9: agent: unknown agent "inteligence"; did you mean "intelligence"?' in err,
         "mistakes are told with their places")

    # --- with a data folder
    own.write_text(text)
    code, _, _ = play(own, "--data-dir", f / "data")
    need(code == 1, "a scenario keeps its data where it is told to")
    code, out, _ = run("signals", "--data-dir", f / "data", "--json")
    need(code == 0 and len(out.splitlines()) == 2, "and they can be looked at")
    code, _, err = play(own, "--data-dir", f / "data")
    need(code == 2 and "holds data already" in err, "but not among data that are there")

    # --- watched: at a rate, and it ends
    code, out, err = run("run", "--scenario", own, "--rate", "200", "--data-dir", f / "watched")
    need(code == 0 and "high_value_transaction" in out and "met" not in out.split() and "own: a run 4 blocks" in err,
         "without --expect it is shown, ends by itself, and nothing is checked")
    code, out, err = play(own, "--rate", "1", "--for", "1s")
    need(code == 1 and "stopped before" in err and "met " not in out, "what was stopped is not checked, and fails")

code, _, err = play("mint_spke")
need(code == 2 and 'did you mean "mint_spike"' in err and "wallet_clustering" in err, "an unknown name: a guess and the list")
code, _, err = run("run", "--mock", "--expect")
need(code == 2 and "--expect needs --scenario" in err, "--expect without a scenario is a usage error")
