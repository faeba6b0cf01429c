"""The life of pending transactions of a real Ethereum node, and of the signals that rest on them."""
import json

from support import Anvil, Node, folder, lines_of, need, run, stored, wait_until

GAS = 16_000_000  # of a block; less than a transaction may have (EIP-7825)
GWEI = 10**9

anvil = Anvil("--no-mining", "--gas-limit", GAS)
try:
    with folder() as f:
        data, events = f / "data", f / "events.jsonl"
        config = f / "eremos.toml"
        config.write_text(f'''
[rules.waits]
[rules.waits.when]
type = "mempool"
where = ["value >= 4 ether", "state = seen"]
subject = "hash"
[rules.waits.then]
signal = "large_payment_waits"
[chains.ethereum]
start = 0
[[chains.ethereum.providers]]
kind = "ethereum"
ws = "ws://127.0.0.1:{anvil.port}"
http = "http://127.0.0.1:{anvil.port}"
''')
        node = Node(data, "--config", config, "--events", events)
        wait_until(lambda: stored(data, "select 1 from ledger"), 20, "the first block is stored")
        payer, other, filler = anvil.rpc("eth_accounts")[:3]

        def pay(sender, nonce, value, gas=GAS, tip=1):
            return anvil.rpc("eth_sendTransaction", {
                "from": sender, "to": "0x" + "cc" * 20, "value": hex(value * 10**18), "nonce": hex(nonce), "gas": hex(gas),
                "maxFeePerGas": hex(tip * 100 * GWEI), "maxPriorityFeePerGas": hex(tip * GWEI)})

        filled = 0

        def mine_without():
            """A block in which no transaction of a whole block's gas has room."""
            global filled
            pay(filler, filled, 0, gas=21_000, tip=50)
            filled += 1
            anvil.rpc("evm_mine")

        def steps():
            return {e["id"]: e for e in lines_of(events) if e["type"] == "mempool"} if events.exists() else {}

        def step(transaction, state):
            wait_until(lambda: f"mempool:1:{transaction}:{state}" in steps(), 20, f"{state} is told")
            return steps()[f"mempool:1:{transaction}:{state}"]["data"]

        def signal(transaction):
            code, out, _ = run("signals", "--data-dir", data, "--json", "--type", "large_payment_waits", "--subject", transaction)
            rows = [json.loads(line) for line in out.splitlines()] if code == 0 else []
            return rows[0] if rows else {}

        def until(transaction, status, finality):
            wait_until(lambda: (signal(transaction).get("status"), signal(transaction).get("finality")) == (status, finality),
                       20, f"the signal is {status}, {finality}")
            return signal(transaction)

        # --- seen, then included
        first = pay(payer, 0, 5)
        need(step(first, "seen")["provider"].startswith(f"ws://127.0.0.1:{anvil.port}"), "a step says which provider showed it")
        mine_without()
        waiting = until(first, "active", "pending")
        need(waiting["block_hash"] == "0x" + "00" * 32 and waiting["evidence"] == [f"mempool:1:{first}:seen"],
             "a signal of the mempool rests on no block")
        anvil.rpc("evm_mine")
        included = step(first, "included")
        block = anvil.rpc("eth_getBlockByNumber", "latest", False)
        need(included["included_in"] == int(block["number"], 16) and included["included_in_hash"] == block["hash"],
             "included names its block")
        need(included["waited_ms"] >= 0 and included["provider"], "and how long it waited")
        anchored = until(first, "active", "latest")
        need(anchored["id"] == waiting["id"] and anchored["revision"] == waiting["revision"] + 1, "its signal is revised")
        need(anchored["block_hash"] == block["hash"] and anchored["evidence"] == [f"tx:1:{first}@{block['hash']}"],
             "and rests on the block from now on")

        # --- the block goes: pending again
        anvil.rpc("anvil_reorg", 1, [])
        again = until(first, "active", "pending")
        need(again["id"] == waiting["id"] and again["evidence"] == waiting["evidence"], "without its block it is pending again")

        # --- replaced
        low = pay(payer, 0, 6)
        step(low, "seen")
        mine_without()
        until(low, "active", "pending")
        high = pay(payer, 0, 7, tip=5)
        need(step(low, "replaced")["replaced_by"] == high, "replaced says by what")
        until(low, "expired", "pending")
        anvil.rpc("evm_mine")
        until(high, "active", "latest")
        print("ok: the signal of one that is replaced expires, that of the other goes on")

        # --- dropped: its time is over
        late = pay(other, 0, 8)
        step(late, "seen")
        mine_without()
        until(late, "active", "pending")
        anvil.rpc("evm_increaseTime", 4 * 3600)
        mine_without()
        dropped = step(late, "dropped")
        need(dropped["reason"] == "expired" and dropped["waited_ms"] >= 3 * 3_600_000, "dropped says why, and after how long")
        until(late, "expired", "pending")

        # --- and mined after all
        anvil.rpc("evm_mine")
        step(late, "included")
        until(late, "active", "latest")
        print("ok: one that is mined after all is included, its signal active again")

        code, out, _ = run("stats", "--data-dir", data, "--json")
        pending = json.loads(out.splitlines()[0])["chains"][0]["pending"]
        need(pending["included"] >= 3 and pending["replaced"] >= 1 and pending["expired"] == 1, f"stats counts the steps: {pending}")
        need(node.stop() == 0, "the node drains and exits 0")
        ids = [e["id"] for e in lines_of(events) if e["type"] == "mempool"]
        need(len(ids) == len(set(ids)), f"none of {len(ids)} steps is told twice")
finally:
    anvil.stop()
