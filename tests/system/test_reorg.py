"""Reorgs of a real Ethereum node: what is written, read with its reverts, is the final chain."""
from support import Anvil, Node, folder, lines_of, logs_of_chain, logs_of_events, need, token_bytecode, wait_until

TRANSFER = "0xa9059cbb"  # transfer(address,uint256), ERC-20

anvil = Anvil("--no-mining")
try:
    with folder() as f:
        data, events = f / "data", f / "events.jsonl"
        config = f / "eremos.toml"
        config.write_text(f'[chains.ethereum]\nstart = 0\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
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

        def settled():
            """The last block the node has stored is the chain's head."""
            head = anvil.rpc("eth_getBlockByNumber", "latest", False)["hash"]
            return any(e.get("block_hash") == head and e["type"] == "block" for e in lines_of(events))

        mine(70)  # over a snapshot
        wait_until(settled, 30, "the chain is followed to its head")
        for depth in (1, 2, 5, 20):
            anvil.rpc("anvil_reorg", depth, [])
            mine(2)
            wait_until(settled, 30, f"a reorg of depth {depth} is followed")
        snapshot = anvil.rpc("evm_snapshot")
        mine(4)
        wait_until(settled, 30, "four more blocks")
        anvil.rpc("evm_revert", snapshot)
        mine(3, transfers=1)
        mine(3, transfers=2)
        wait_until(settled, 30, "a head that went back without notice is followed")
        need(node.stop() == 0, "the node drains and exits 0")

        canonical, reverted = [], 0
        for e in lines_of(events):
            if e["type"] == "reverted":
                reverted += 1
                canonical = [x for x in canonical if x.get("block_hash") != e["block_hash"]]
            elif e["type"] != "mempool":
                canonical.append(e)
        need(reverted >= 28, f"{reverted} blocks were taken back")
        need(sorted(logs_of_events(canonical)) == sorted(logs_of_chain(anvil)), "what is left equals eth_getLogs exactly")
        head = int(anvil.rpc("eth_blockNumber"), 16)
        numbers = [e["block_number"] for e in canonical if e["type"] == "block"]
        need(numbers == list(range(head + 1)), "blocks come once each, in order")
        ids = [e["id"] for e in canonical]
        need(len(ids) == len(set(ids)), "no event is left twice")
finally:
    anvil.stop()
