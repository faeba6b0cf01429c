"""Against a real Ethereum node through a proxy that cuts every socket ten times: each log once, none missing."""
import time

from support import (Anvil, CuttingProxy, Node, folder, lines_of, logs_of_chain, logs_of_events, need, run, stored,
                     token_bytecode, wait_until)

TRANSFERS, BLOCKS, CUTS = 500, 50, 10
TRANSFER = "0xa9059cbb"  # transfer(address,uint256), ERC-20

bytecode = token_bytecode()
anvil = Anvil("--no-mining")
proxy = CuttingProxy(anvil.port)
try:
    with folder() as f:
        data, events = f / "data", f / "events.jsonl"
        config = f / "eremos.toml"
        config.write_text(f'[chains.ethereum]\nstart = 0\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{proxy.port}"\nhttp = "http://127.0.0.1:{proxy.port}"\n')
        node = Node(data, "--config", config, "--events", events)
        wait_until(lambda: stored(data, "select 1 from ledger"), 20, "the first block is stored")

        sender = anvil.rpc("eth_accounts")[0]
        nonce = 0
        creation = anvil.rpc("eth_sendTransaction", {"from": sender, "data": bytecode, "nonce": hex(nonce),
                                                     "gas": hex(2_000_000)})
        anvil.rpc("evm_mine")
        token = anvil.rpc("eth_getTransactionReceipt", creation)["contractAddress"]
        need(token, "the token is deployed")
        for block in range(BLOCKS):
            for i in range(TRANSFERS // BLOCKS):
                nonce += 1
                to = f"{0xAAAA0000 + nonce:040x}"
                anvil.rpc("eth_sendTransaction", {"from": sender, "to": token, "nonce": hex(nonce), "gas": hex(100_000),
                                                  "data": TRANSFER + to.rjust(64, "0") + f"{nonce:064x}"})
            time.sleep(0.1)  # a socket that was cut is open again about 0.1 s later
            anvil.rpc("evm_mine")
            if block % (BLOCKS // CUTS) == 2:
                proxy.cut()
        head = int(anvil.rpc("eth_blockNumber"), 16)
        wait_until(lambda: stored(data, f"select 1 from ledger where block_number = {head}"), 60,
                   f"block {head} is stored")
        need(node.stop() == 0, "the node drains and exits 0")
        need(proxy.cuts == CUTS, f"every socket was cut {CUTS} times")

        truth = logs_of_chain(anvil)
        written = lines_of(events)
        logs = logs_of_events(written)
        need(len(truth) == TRANSFERS + 1, f"the chain has {len(truth)} logs")
        need(len(logs) == len(set(logs)), "no log is written twice")
        need(sorted(logs) == sorted(truth), "the logs written equal eth_getLogs exactly")
        need({e["data"]["event_name"] for e in written if e["type"] == "contract_event"} == {"Transfer"},
             "and are named by their signature")

        transactions = {e["data"]["hash"]: i for i, e in enumerate(written) if e["type"] == "transaction"}
        need(len(transactions) == TRANSFERS + 1, f"all {TRANSFERS + 1} transactions are there")
        pending = {e["data"]["hash"]: i for i, e in enumerate(written) if e["type"] == "mempool" and e["data"]["pending"]}
        need(len(pending) > TRANSFERS // 2, f"{len(pending)} were seen while they waited")
        need(all(i < transactions[h] for h, i in pending.items()), "each of them before its block")

        numbers = [e["block_number"] for e in written if e["type"] == "block"]
        need(numbers == list(range(head + 1)), "blocks come once each, in order")

        # A node of another chain is refused, counted, and nothing is taken from it.
        other = f / "other.toml"
        other.write_text(f'[chains.polygon]\nstart = 0\n[[chains.polygon.providers]]\nkind = "ethereum"\n'
                         f'ws = "ws://127.0.0.1:{anvil.port}"\n')
        code, out, err = run("run", "--config", other, "--data-dir", f / "other", "--for", "3s")
        need(code == 0 and "serves chain 1, not 137" in err, "a wrong chain id is said loudly")
        need(not stored(f / "other", "select 1 from ledger"), "and nothing of it is stored")
finally:
    anvil.stop()
