"""Against a second implementation with other quirks: Ganache has neither eth_getBlockReceipts nor full pending transactions."""
from support import Ganache, Node, compiled, folder, lines_of, logs_of_chain, logs_of_events, need, stored, token_bytecode, wait_until

TRANSFERS = 20
TRANSFER = "0xa9059cbb"  # transfer(address,uint256), ERC-20

ganache = Ganache("--miner.blockTime", 1)
try:
    with folder() as f:
        data, events = f / "data", f / "events.jsonl"
        config = f / "eremos.toml"
        config.write_text(f'[chains.ethereum]\nstart = 0\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{ganache.port}"\n')
        node = Node(data, "--config", config, "--events", events)
        wait_until(lambda: stored(data, "select 1 from ledger"), 20, "the first block is stored over the WebSocket alone")
        sender = ganache.rpc("eth_accounts")[0]
        creation = ganache.rpc("eth_sendTransaction", {"from": sender, "data": token_bytecode(), "nonce": "0x0",
                                                       "gas": hex(2_000_000)})
        wait_until(lambda: ganache.rpc("eth_getTransactionReceipt", creation), 20, "the token is deployed")
        token = ganache.rpc("eth_getTransactionReceipt", creation)["contractAddress"]
        for i in range(1, TRANSFERS + 1):
            ganache.rpc("eth_sendTransaction", {"from": sender, "to": token, "nonce": hex(i), "gas": hex(100_000),
                                                "data": TRANSFER + f"{0xAAAA0000 + i:064x}" + f"{i:064x}"})
        wait_until(lambda: len(logs_of_chain(ganache)) == TRANSFERS + 1, 30, "all transfers are mined")
        head = int(ganache.rpc("eth_blockNumber"), 16)
        wait_until(lambda: stored(data, f"select 1 from ledger where block_number >= {head}"), 30, "and stored")

        # It knows no blocks by hash in eth_call: what a token calls itself is asked by number.
        honest = compiled("odd_tokens.sol")["Honest"]
        gas = hex(2_000_000)
        made = ganache.rpc("eth_sendTransaction", {"from": sender, "data": honest["bytecode"], "nonce": hex(TRANSFERS + 1), "gas": gas})
        wait_until(lambda: ganache.rpc("eth_getTransactionReceipt", made), 20, "a token with a name is deployed")
        ganache.rpc("eth_sendTransaction", {"from": sender, "to": ganache.rpc("eth_getTransactionReceipt", made)["contractAddress"],
                                            "nonce": hex(TRANSFERS + 2), "gas": gas,
                                            "data": "0x" + honest["methods"]["mint(uint160,uint160)"] + f"{1:064x}{1:064x}"})
        wait_until(lambda: stored(data, "select 1 from facts where cast(text as text) = 'HONEST'"), 30, "and its name is known")
        need(node.stop() == 0, "the node drains and exits 0")
        written = lines_of(events)
        need(sorted(logs_of_events(written)) == sorted(logs_of_chain(ganache)), "the logs written equal eth_getLogs exactly")
        pending = {e["data"]["hash"]: i for i, e in enumerate(written) if e["type"] == "mempool" and e["data"]["pending"]}
        mined = {e["data"]["hash"]: i for i, e in enumerate(written) if e["type"] == "transaction"}
        need(len(pending) > TRANSFERS // 2, f"{len(pending)} pending transactions were looked up by hash")
        need(all(i < mined[h] for h, i in pending.items()), "each before its block")
finally:
    ganache.stop()
