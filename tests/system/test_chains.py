"""Several chains in one node: four real nodes with the ids of the four known chains and the mock chain, each with its own
row, none in another's way."""
import json

from support import Anvil, Node, folder, need, run, stored, wait_until

CHAINS = {"ethereum": 1, "polygon": 137, "arbitrum": 42161, "optimism": 10}
nodes = {name: Anvil("--block-time", 1, chain=chain) for name, chain in CHAINS.items()}
try:
    with folder() as f:
        config = f / "eremos.toml"
        text = '[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nrate = 200\n'
        for name, node in nodes.items():
            text += (f'[chains.{name}]\nstart = 0\n[[chains.{name}.providers]]\nkind = "ethereum"\n'
                     f'ws = "ws://127.0.0.1:{node.port}"\nhttp = "http://127.0.0.1:{node.port}"\n')
        config.write_text(text)
        data = f / "data"
        eremos = Node(data, "--config", config)

        def blocks(chain):
            return stored(data, f"select count(*) from ledger where chain_id = {chain}")

        for chain in (*CHAINS.values(), 1337):
            wait_until(lambda: blocks(chain) and blocks(chain)[0][0] >= 4, 30, f"chain {chain} gets on")
        nodes["polygon"].stop()
        before = blocks(1)[0][0]
        wait_until(lambda: blocks(1)[0][0] >= before + 3, 30, "a dead provider of one chain does not stop another")
        code, out, _ = run("stats", "--data-dir", data, "--json")
        chains = {c["chain_id"]: c for c in json.loads(out.splitlines()[0])["chains"]}
        need(code == 0 and set(chains) == {*CHAINS.values(), 1337}, "stats tells of all five chains")
        need({c["source"] for c in chains.values()} == {*CHAINS, "mock"}, "each by its name")
        need(eremos.stop() == 0, "the node drains and exits 0")
finally:
    for node in nodes.values():
        node.stop()
