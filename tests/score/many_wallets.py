#!/usr/bin/env python3
"""A chain with very many wallets through `eremos-node replay`: how much memory it takes, and whether what is known of
wallets that were forgotten in between is still right.

  EREMOS_NODE=build/release/eremos-node tests/score/many_wallets.py --wallets 1000000 --most-mb 400

Every wallet acts once, half of them as senders. After 200 days the first senders act again: each must be told as a
wallet that woke, with its own last activity, and nobody else. Standard library only.
"""
import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

from made_chain import ETHER, MadeChain

PER_BLOCK = 500
SLEEPERS, PER_WAKING_BLOCK = 200, 20
DAY = 86_400


def iso(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def write(path, wallets):
    """The recording, block by block; the sleepers with the time of what they did."""
    chain = MadeChain(seed=1)
    number, asleep = chain.first_block, {}

    def end_block(out):
        nonlocal number
        chain.write_block(out, number)
        chain.blocks.pop(number, None)
        number += 1

    with open(path, "w") as out:
        for done in range(0, wallets, 2):
            sender = f"0x{0xA0 << 152 | done:040x}"
            chain.transaction(number, sender, f"0x{0xA0 << 152 | done + 1:040x}", value=ETHER // 1000 + done, nonce=0)
            if len(asleep) < SLEEPERS:
                asleep[sender] = chain.time_of(number)
            if len(chain.blocks[number]) == PER_BLOCK:
                end_block(out)
        end_block(out)
        chain.begins += 200 * DAY
        senders = list(asleep)
        for at in range(0, SLEEPERS, PER_WAKING_BLOCK):
            for who in senders[at:at + PER_WAKING_BLOCK]:
                chain.transaction(number, who, f"0x{0xB0 << 152 | at:040x}", value=ETHER // 1000, nonce=1)
            chain.transaction(number, f"0x{0xC0 << 152 | at:040x}", senders[0][:-1] + "f", value=1, nonce=0)  # not known
            end_block(out)
    return asleep


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--wallets", type=int, default=1_000_000)
    parser.add_argument("--most-mb", type=float, default=400)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="eremos-wallets-") as folder:
        recording = pathlib.Path(folder) / "many.jsonl"
        asleep = write(recording, given.wallets)
        before = time.monotonic()
        done = subprocess.run([os.environ["EREMOS_NODE"], "replay", recording, "--data-dir", f"{folder}/data",
                               "--log-level", "warn"], capture_output=True, text=True)
        seconds = time.monotonic() - before
        stored_mb = sum(f.stat().st_size for f in pathlib.Path(folder, "data").iterdir()) / 1e6
    if done.returncode != 0:
        sys.exit(f"replay failed: {done.stderr[-2000:]}")
    rss_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    woken = {}
    for line in done.stdout.splitlines():
        told = json.loads(line)
        if told["type"] == "wallet_reactivated":
            woken[told["subject"].lower()] = told["details"]["last_activity"][:19]
    right = sum(woken.get(who) == iso(at) for who, at in asleep.items())
    print(json.dumps({"wallets": given.wallets, "peak_mb": round(rss_mb, 1), "store_mb": round(stored_mb, 1),
                      "seconds": round(seconds, 1), "asleep": len(asleep), "woken": len(woken), "right": right}))
    if right != len(asleep) or len(woken) != len(asleep):
        sys.exit("what is known of wallets that were forgotten is wrong")
    if rss_mb > given.most_mb:
        sys.exit(f"{rss_mb:.1f} MB is more than {given.most_mb}")


if __name__ == "__main__":
    main()
