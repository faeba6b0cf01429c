"""Reorgs of a real Ethereum node: what is written, read with its reverts, is the final chain, and what a block that is
gone gave rise to is retracted at once."""
import json
import time

from support import Anvil, Node, folder, lines_of, logs_of_chain, logs_of_events, need, run, token_bytecode, wait_until

TRANSFER = "0xa9059cbb"  # transfer(address,uint256), ERC-20
DEPTHS = range(1, 21)

anvil = Anvil("--no-mining")
try:
    with folder() as f:
        data, events = f / "data", f / "events.jsonl"
        config = f / "eremos.toml"
        config.write_text(f'[agents.intelligence]\nhigh_value = 3\n'
                          f'[chains.ethereum]\nstart = 0\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{anvil.port}"\nhttp = "http://127.0.0.1:{anvil.port}"\n')
        node = Node(data, "--config", config, "--events", events)
        sender = anvil.rpc("eth_accounts")[0]
        creation = anvil.rpc("eth_sendTransaction", {"from": sender, "data": token_bytecode(), "gas": hex(2_000_000)})
        anvil.rpc("evm_mine")
        token = anvil.rpc("eth_getTransactionReceipt", creation)["contractAddress"]

        def mine(blocks, transfers=3):
            for _ in range(blocks):
                nonce = int(anvil.rpc("eth_getTransactionCount", sender, "latest"), 16)
                for i in range(transfers):
                    anvil.rpc("eth_sendTransaction", {"from": sender, "to": token, "nonce": hex(nonce + i), "gas": hex(100_000),
                                                      "data": TRANSFER + f"{0xBBBB0000 + nonce + i:064x}" + f"{1:064x}"})
                anvil.rpc("evm_mine")

        written, place = {}, 0

        def settled():
            """The last block the node has stored is the chain's head."""
            global place
            with open(events) as lines:  # what is new since the last look
                lines.seek(place)
                while (line := lines.readline()).endswith("\n"):
                    place = lines.tell()
                    e = json.loads(line)
                    if e["type"] == "block":
                        written[e["block_hash"]] = True
                    elif e["type"] == "reverted":
                        written.pop(e["block_hash"], None)
            return anvil.rpc("eth_getBlockByNumber", "latest", False)["hash"] in written

        mine(70)  # over a snapshot
        wait_until(settled, 30, "the chain is followed to its head")
        for depth in DEPTHS:
            mine(depth)  # none of them empty: Anvil's empty ones come again with the same hash
            wait_until(settled, 30, f"{depth} more blocks")
            anvil.rpc("anvil_reorg", depth, [])
            mine(1)
            wait_until(settled, 30, f"a reorg of depth {depth} is followed")
        print(f"ok: reorgs of depths {min(DEPTHS)} to {max(DEPTHS)} are followed")

        for back, again in ((4, 6), (9, 3)):  # higher than before, and lower
            snapshot = anvil.rpc("evm_snapshot")
            mine(back)
            wait_until(settled, 30, f"{back} more blocks")
            anvil.rpc("evm_revert", snapshot)
            mine(again, transfers=1)
            wait_until(settled, 30, f"a head that went back by {back} without notice is followed")
        for back in (1, 7, 15):
            anvil.rpc("anvil_rollback", back)
            mine(2, transfers=2)
            wait_until(settled, 30, f"a head that was rolled back by {back} is followed")
        print("ok: heads that went back without notice are followed")

        # --- a signal of a block that is gone
        def status_of(subject):
            code, out, _ = run("signals", "--data-dir", data, "--json", "--type", "high_value_transaction", "--subject", subject)
            return [json.loads(line)["status"] for line in out.splitlines()] if code == 0 else []

        slowest = 0.0
        for _ in range(5):
            payment = anvil.rpc("eth_sendTransaction", {"from": sender, "to": "0x" + "cc" * 20, "value": hex(5 * 10**18)})
            anvil.rpc("evm_mine")
            wait_until(lambda: status_of(payment) == ["active"], 20, "a large payment is a signal")
            began = time.monotonic()
            anvil.rpc("anvil_reorg", 1, [])
            while status_of(payment) != ["retracted"]:
                need(time.monotonic() - began < 20, "it is retracted at all")
            slowest = max(slowest, time.monotonic() - began)
            mine(1)
            wait_until(settled, 30, "the chain goes on")
        print(f"a signal of a removed block is retracted {slowest * 1000:.0f} ms after the new head, at most")
        need(node.stop() == 0, "the node drains and exits 0")

        canonical, reverted = [], 0
        for e in lines_of(events):
            if e["type"] == "reverted":
                reverted += 1
                canonical = [x for x in canonical if x.get("block_hash") != e["block_hash"]]
            elif e["type"] != "mempool":
                canonical.append(e)
        need(reverted >= sum(DEPTHS) + 13 + 23 + 5, f"{reverted} blocks were taken back")
        need(sorted(logs_of_events(canonical)) == sorted(logs_of_chain(anvil)), "what is left equals eth_getLogs exactly")
        head = int(anvil.rpc("eth_blockNumber"), 16)
        numbers = [e["block_number"] for e in canonical if e["type"] == "block"]
        need(numbers == list(range(head + 1)), "blocks come once each, in order")
        ids = [e["id"] for e in canonical]
        need(len(ids) == len(set(ids)), "no event is left twice")
        steps = [e["id"] for e in lines_of(events) if e["type"] == "mempool"]
        need(len(steps) == len(set(steps)), f"none of {len(steps)} steps of pending transactions is told twice")
finally:
    anvil.stop()
