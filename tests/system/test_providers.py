"""Several providers of one chain: one that hangs or is cut costs nothing, a forged chain is outvoted, doctor tells them
apart."""
import json
import time

from misbehaving import Provider, answers, block
from support import Anvil, CuttingProxy, Ganache, Node, folder, need, run, stored, wait_until


def config_of(*providers, quorum=1, chain="ethereum"):
    text = f"[chains.{chain}]\nstart = 0\nquorum = {quorum}\n"
    for p in providers:
        text += f"[[chains.{chain}.providers]]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in p.items())
    return text


def both_doors(port, **more):
    return {"kind": "ethereum", "ws": f"ws://127.0.0.1:{port}", "http": f"http://127.0.0.1:{port}", **more}


def hash_at(data, number):
    return stored(data, f"select lower(hex(block_hash)) from ledger where block_number = {number} and status = 'canonical'")


def stored_within(data, node, seconds, what, blocks=1):
    """Mines blocks, all at once, and waits until the last is stored; how long that took."""
    node.rpc("anvil_mine", hex(blocks))
    number = int(node.rpc("eth_blockNumber"), 16)
    began = time.monotonic()
    wait_until(lambda: hash_at(data, number), seconds, f"block {number} is stored {what}")
    return time.monotonic() - began


# --- fail-over
good = Anvil("--no-mining")
try:
    hanging = CuttingProxy(good.port)
    with folder() as f:
        data, config = f / "data", f / "eremos.toml"
        config.write_text(config_of(both_doors(hanging.port, name="hanging", weight=100), both_doors(good.port, name="good")))
        node = Node(data, "--config", config)
        wait_until(lambda: hash_at(data, 0), 20, "the first block is stored")
        stored_within(data, good, 5, "while both are well")
        hanging.held = True
        took = stored_within(data, good, 5, "though the preferred provider hangs")
        print(f"fail-over from a provider that hangs: {took:.2f} s")
        need(took < 5, "fail-over takes less than 5 s")
        hanging.cut()
        took = stored_within(data, good, 5, "though the preferred provider is cut")
        print(f"fail-over from a provider that is cut: {took:.2f} s")
        hanging.held = False
        _, out, _ = run("stats", "--data-dir", data, "--json")
        providers = {p["name"]: p for p in json.loads(out)["chains"][0]["connector"]["providers"]}
        need(providers["hanging"]["reconnects"] >= 1, "that it was lost is counted")
        need(providers["good"]["failures"] == 0 and providers["good"]["reconnects"] == 0, "and nothing of the other")
        need(node.stop() == 0, "the node drains and exits 0")

    # --- a chain that is right in itself, and nobody else's
    forger = Anvil("--no-mining", "--timestamp", "1700000000")
    second = CuttingProxy(good.port)
    try:
        for _ in range(30):
            forger.rpc("evm_mine")
        with folder() as f:
            data, config = f / "data", f / "eremos.toml"
            config.write_text(config_of(both_doors(forger.port, name="forger", weight=100), both_doors(good.port, name="a"),
                                        both_doors(second.port, name="b"), quorum=2))
            node = Node(data, "--config", config)
            wait_until(lambda: hash_at(data, 3), 30, "the chain that two agree on is stored")
            for _ in range(3):
                forger.rpc("evm_mine")
                stored_within(data, good, 10, "beside a forged chain")
            top = int(good.rpc("eth_blockNumber"), 16)
            for number in range(top + 1):
                truth = good.rpc("eth_getBlockByNumber", hex(number), False)["hash"]
                need(hash_at(data, number) == [(truth[2:],)], f"block {number} is the one that two of three have")
            need(not hash_at(data, top + 1), "and nothing of the forged chain is stored")

            def forger_disagreed():
                _, out, _ = run("stats", "--data-dir", data, "--json")
                providers = {p["name"]: p for p in json.loads(out)["chains"][0]["connector"]["providers"]}
                return providers["forger"]["disagreements"] >= 1

            # Who is asked which block stands at a height is whoever is connected then, and heights are asked for where a gap
            # is filled; on a busy machine the forger may not have been there for the first.
            for _ in range(10):
                if forger_disagreed():
                    break
                forger.rpc("evm_mine")
                stored_within(data, good, 10, "beside a forged chain", blocks=8)
            need(forger_disagreed(), "the forger is counted as disagreeing")
            need(node.stop() == 0, "the node drains and exits 0")
    finally:
        forger.stop()

    # --- doctor: three providers, three tables
    ganache = Ganache()
    try:
        with folder() as f:
            config = f / "eremos.toml"
            config.write_text(config_of(both_doors(good.port, name="anvil")))
            for _ in range(3):
                good.rpc("evm_mine")
            code, out, err = run("doctor", "--config", config, "--json", "--listen", "2s")
            anvil_says = {x["what"]: x for x in json.loads(out)["providers"][0]["findings"]}
            need(code == 0, f"doctor is content with Anvil {err[-200:]}")
            need(anvil_says["chain_id"]["state"] == "ok" and "anvil" in anvil_says["client"]["text"], "and knows it")
            need(anvil_says["receipts"]["state"] == "ok", "it has receipts by block")
            need(anvil_says["finalized"]["state"] == "ok", "and a finalized block")
            need(anvil_says["heads"]["state"] == "?", "a chain that stands still is no silent subscription")

            config.write_text(config_of(both_doors(ganache.port, name="ganache")))
            code, out, err = run("doctor", "--config", config, "--json", "--listen", "2s")
            ganache_says = {x["what"]: x for x in json.loads(out)["providers"][0]["findings"]}
            need(code == 0, f"doctor is content with Ganache {err[-200:]}")
            need(ganache_says["receipts"]["state"] == "note", "which has no receipts by block")
            need("anache" in ganache_says["client"]["text"], "and says its name")

            config.write_text(config_of(both_doors(good.port), chain="polygon"))
            code, out, err = run("doctor", "--config", config, "--listen", "1s")
            need(code == 1 and "serves chain 1, not 137" in out, "another chain is a need that is not met")
            need("no provider can be used" in err, "and so the chain has none")

            blocks = [block(n) for n in range(1, 200)]
            began = time.monotonic()

            async def say_nothing(_):
                pass
            silent = Provider(answers(blocks, lambda: blocks[min(150 + int((time.monotonic() - began) * 2), 198)],
                                      eth_getBlockReceipts=lambda _: {"error": {"code": -32601, "message": "no"}}), say_nothing)
            config.write_text(config_of({"kind": "generic", "name": "silent", "ws": f"ws://127.0.0.1:{silent.port}"}))
            code, out, err = run("doctor", "--config", config, "--json", "--listen", "3s")
            said = {x["what"]: x for x in json.loads(out)["providers"][0]["findings"]}
            need(code == 1, "a provider that accepts newHeads and sends none does not do")
            need(said["heads"]["state"] == "FAIL" and "the chain went on" in said["heads"]["text"], "and doctor says why")
            need(said["receipts"]["state"] == "note", "that it has no receipts by block is a note: there are logs")
    finally:
        ganache.stop()
finally:
    good.stop()
