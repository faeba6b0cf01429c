"""Finality, as a real Ethereum node tells it: signals become safe and finalized, also over a restart, and a reorg below
what is finalized stops the chain, loudly."""
import json
import time

from misbehaving import Provider, answers, block, config as config_of, stats
from support import Anvil, Node, folder, need, run, stored, wait_until

SAFE, FINALIZED = 32, 64  # Anvil's blocks below its head

anvil = Anvil("--no-mining")
try:
    with folder() as f:
        data = f / "data"
        config = f / "eremos.toml"
        config.write_text(f'[agents.intelligence]\nhigh_value = 3\n'
                          f'[chains.ethereum]\nstart = 0\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{anvil.port}"\nhttp = "http://127.0.0.1:{anvil.port}"\nfinality_poll = "50ms"\n')
        sender = anvil.rpc("eth_accounts")[0]

        def mine(blocks):
            for _ in range(blocks):
                anvil.rpc("evm_mine")

        def chain():
            code, out, _ = run("stats", "--data-dir", data, "--json")
            return json.loads(out.splitlines()[0])["chains"][0] if code == 0 else {}

        def finality_of(subject):
            code, out, _ = run("signals", "--data-dir", data, "--json", "--type", "high_value_transaction", "--subject", subject)
            return [(s["finality"], s["revision"]) for s in map(json.loads, out.splitlines())] if code == 0 else []

        node = Node(data, "--config", config)
        payment = anvil.rpc("eth_sendTransaction", {"from": sender, "to": "0x" + "cc" * 20, "value": hex(5 * 10**18)})
        mine(1)
        wait_until(lambda: finality_of(payment) == [("latest", 1)], 20, "a large payment is a signal, and not final")
        mine(SAFE)
        wait_until(lambda: finality_of(payment) == [("safe", 1)], 20, "it is safe 32 blocks later")
        print("ok: a signal becomes safe with its block, without a revision")
        head = 1 + SAFE
        wait_until(lambda: chain().get("safe") == head - SAFE, 20, "stats says how far the chain is safe")
        need(chain()["finalized"] == 0, "and that nothing is finalized yet")

        # Final by the time the node is back; and what it had stored it does not forget.
        need(node.stop() == 0, "the node drains and exits 0")
        mine(FINALIZED)
        head += FINALIZED
        node = Node(data, "--config", config)
        wait_until(lambda: finality_of(payment) == [("finalized", 1)], 20, "it is finalized after a restart")
        wait_until(lambda: chain().get("finalized") == head - FINALIZED, 20, "stats says how far the chain is finalized")
        wait_until(lambda: chain().get("safe") == head - SAFE, 20, "and how far it is safe")
        code, out, _ = run("blocks", "--data-dir", data, "--json", "--limit", "1000")
        by_number = {b["block_number"]: b["finality"] for b in map(json.loads, out.splitlines())}
        need(by_number[head] == "latest" and by_number[head - SAFE] == "safe" and by_number[head - FINALIZED] == "finalized",
             "blocks shows it per block")
        node.kill()
        node = Node(data, "--config", config)
        wait_until(lambda: chain().get("finalized") == head - FINALIZED, 20, "both survive kill -9")

        # A reorg down to the finalized block, then one below it.
        final = head - FINALIZED
        anvil.rpc("anvil_rollback", head - final)
        mine(70)
        head = final + 70
        wait_until(lambda: chain().get("committed") == head, 20, "a reorg down to the finalized block is followed")
        need(chain()["state"] == "following" and chain()["reverted"] >= FINALIZED, "as any other")
        wait_until(lambda: chain().get("finalized") == head - FINALIZED, 20, "finality goes on")
        final = head - FINALIZED
        before = stored(data, "select block_number, hex(block_hash) from ledger where status = 'canonical'")
        anvil.rpc("anvil_rollback", head - final + 1)
        mine(FINALIZED + 20)
        wait_until(lambda: chain().get("state") == "stopped", 20, "a reorg below it stops the chain")
        need(f"below block {final}, which is finalized" in chain()["stopped_because"], f"which says why: {chain()['stopped_because']}")
        code, out, _ = run("stats", "--data-dir", data)
        need("HAS STOPPED" in out, "stats says it loudly")
        said = [line for line in (f / "node.log").read_text().splitlines() if "this chain stops here" in line]
        need(len(said) == 1 and " error " in said[0], "so does the log, as an error")
        need(chain()["finality_lower"] > 0 or chain()["finality_elsewhere"] > 0, "what the provider now calls final is not believed")
        need(stored(data, "select block_number, hex(block_hash) from ledger where status = 'canonical'") == before,
             "and nothing was taken back")
        need(finality_of(payment) == [("finalized", 1)], "what was final stays so")
        need(node.alive() and node.stop() == 0, "the node itself goes on until it is told to end")
finally:
    anvil.stop()

# --- a provider that does not know the tags is asked three times, and the chain goes on without
blocks = [block(n) for n in range(100, 104)]
asked = {"safe": 0, "finalized": 0}
well_behaved = answers(blocks, lambda: blocks[-1])


def by_number(params):
    if params[0] not in asked:
        return well_behaved["eth_getBlockByNumber"](params)
    asked[params[0]] += 1
    return {"error": {"code": -32602, "message": "invalid block tag"}}


http = Provider({**well_behaved, "eth_getBlockByNumber": by_number})
with folder() as f:
    made = config_of(f / "eremos.toml", start=100, http=f"http://127.0.0.1:{http.port}", poll="50ms", finality_poll="50ms")
    node = Node(f / "data", "--config", made)
    wait_until(lambda: asked == {"safe": 3, "finalized": 3}, 20, "a provider without the tags is asked for each three times")
    wait_until(lambda: stats(f / "data")[0].get("committed") == 103, 20, "its blocks are followed")
    time.sleep(0.5)
    need(asked == {"safe": 3, "finalized": 3}, "and no more")
    chain, _ = stats(f / "data")
    need(chain["state"] == "following" and chain["finalized"] == 0, "the chain goes on without finality")
    log = (f / "node.log").read_text()
    need(log.count("knows no safe block") == 1 and log.count("knows no finalized block") == 1, "which is said once")
    need(node.stop() == 0, "the node drains and exits 0")
