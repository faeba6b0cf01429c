"""kill -9 under reorgs: what is stored in the end equals an undisturbed run's over the chain that won; and how soon a
killed node is back."""
import json
import random
import sys
import time

from support import Node, folder, lines_of, need, run, stored, wait_until

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 10
# Events a second, so slow that blocks are stored before they lose, in a Debug build, too: what loses in the window leaves
# no trace. It also paces what a restart handles again; recovery by itself is measured with 8000 and a release build.
RATE = int(sys.argv[2]) if len(sys.argv) > 2 else 1500
BLOCKS = 40 * KILLS + 200
DIFFERS = ("emitted_at", "revision")  # a revision more for each time it was taken back


def config(path, reorgs):
    path.write_text('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 23\n'
                    f'blocks = {BLOCKS}\n' + (
                        f'rate = {RATE}\nreorg_every = 8\nreorg_depth = 6\n' if reorgs else 'rate = "max"\n'))
    return path


def active(data):
    code, out, err = run("signals", "--data-dir", data, "--json", "--status", "active", "--limit", "1000000")
    need(code == 0, f"signals are listed {err}")
    rows = [{k: v for k, v in json.loads(line).items() if k not in DIFFERS} for line in out.splitlines()]
    return {s["id"]: json.dumps(s, sort_keys=True) for s in rows}


def canonical(path):
    """Events of blocks, in order, without those that a later line takes back."""
    kept = []
    for e in lines_of(path):
        if e["type"] == "reverted":
            gone = e["block_hash"]
            while kept and kept[-1]["block_hash"] == gone:
                kept.pop()
        elif e["type"] != "mempool":
            e.pop("sequence")  # counts what was taken back, too, and begins anew with each process
            kept.append(e)
    return kept


def last_block(data):
    rows = stored(data, "select block_number, hex(block_hash) from cursors")
    return rows[0] if rows else (0, "")


with folder() as f:
    calm, rough = f / "calm", f / "rough"
    code, _, err = run("run", "--config", config(f / "calm.toml", False), "--data-dir", calm, "--events", f / "calm.jsonl", seconds=240)
    need(code == 0, f"the undisturbed run ends by itself {err[-500:] if code else ''}")
    won = {h for (h,) in stored(calm, "select hex(block_hash) from ledger")}
    need(len(won) == BLOCKS, f"it has {BLOCKS} blocks")
    expected = active(calm)
    need(len(expected) > 10, f"it has {len(expected)} signals")

    chance = random.Random(23)
    with_reorgs = config(f / "rough.toml", True)
    recoveries, on_lost = [], 0
    for kill in range(KILLS):
        before = last_block(rough)[0]
        goal = BLOCKS * (kill + 1) // (KILLS + 1)
        began = time.monotonic()
        node = Node(rough, "--config", with_reorgs, "--events", f / "rough.jsonl")
        if before:
            # Back: further than it had come, whatever it had to go through again.
            while node.alive() and last_block(rough)[0] <= before:
                time.sleep(0.005)
            recoveries.append(time.monotonic() - began)
        wait_until(lambda: not node.alive() or last_block(rough)[0] >= goal, 60, "the node gets on")
        time.sleep(chance.random() * 0.05)
        need(node.alive(), "the node is still at work") if kill % 10 == 0 else None
        node.kill()
        on_lost += last_block(rough)[1] not in won
    code, _, err = run("run", "--config", with_reorgs, "--data-dir", rough, "--events", f / "rough.jsonl", seconds=240)
    need(code == 0, f"the last restart ends by itself {err[-500:] if code else ''}")
    reverted = stored(rough, "select count(*) from ledger where status = 'reverted'")[0][0]
    need(reverted > BLOCKS // 20, f"{KILLS} kills, {on_lost} of them on a branch that lost; {reverted} blocks were taken back")

    found = active(rough)
    need(set(found) == set(expected), f"the {len(found)} signals that stand are the undisturbed run's "
                                      f"({len(set(expected) - set(found))} missing, {len(set(found) - set(expected))} extra)")
    for what in ("select hex(id), details from memories where status = 'active' order by 1",
                 "select block_number, part, position, sender, receiver, topic, details from messages where status = 'active' order by 1, 2, 3",
                 "select block_number, hex(block_hash) from ledger where status = 'canonical' order by 1"):
        need(stored(calm, what) == stored(rough, what), f"so does what `{what.split(' from ')[1].split()[0]}` holds: "
                                                        f"{len(stored(calm, what))} rows")
    left, right = canonical(f / "calm.jsonl"), canonical(f / "rough.jsonl")
    need([e["id"] for e in left] == [e["id"] for e in right], f"the {len(left)} events written, read with their reverts, are "
                                                              "the undisturbed run's, in order")
    differ = [x["id"] for x, y in zip(left, right) if x != y]
    need(not differ, f"and they say the same {differ[:3]}")
    differ = [i for i in expected if found[i] != expected[i]]
    need(not differ, f"so do the signals {differ[:3]}")
    recoveries.sort()
    p99 = recoveries[min(len(recoveries) - 1, len(recoveries) * 99 // 100)]
    need(p99 < 20, f"recovery after kill -9: {recoveries[len(recoveries) // 2]:.2f} s median, {p99:.2f} s p99, "
                  f"{recoveries[-1]:.2f} s at most, of {len(recoveries)}")
