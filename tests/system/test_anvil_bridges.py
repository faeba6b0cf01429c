"""A bridge between two real Ethereum nodes: told once both chains have passed it, across a kill, and taken back by a reorg of
either chain."""
import json

from bridges import SPOKE_POOL, across_deposit, across_fill
from onchain import Chain
from support import Anvil, Api, Node, folder, free_port, need, run, stored, wait_until

# Says a log of four topics, the first words of its input, and the rest as data.
SAYS_A_LOG = "0x60803603806080600037606035604035602035600035846000a400"
ANNA, BERT = (f"0x{0xA17A << 144 | n:040x}" for n in (1, 2))
anvils = {1: Anvil("--no-mining", "--order", "fifo", chain=1), 10: Anvil("--no-mining", "--order", "fifo", chain=10)}


def say(chain, who, log):
    """A transaction in a block of its own that makes a bridge say it."""
    sent = chain.send(who, log["address"], "".join(t[2:] for t in log["topics"]) + log["data"][2:])
    chain.mine()
    chain.receipt(sent)
    return sent


try:
    with folder() as f:
        chains = {n: Chain(anvil) for n, anvil in anvils.items()}
        for n, chain in chains.items():
            chain.rpc("anvil_setCode", SPOKE_POOL[n], SAYS_A_LOG)
            for who in (ANNA, BERT):
                chain.anybody(who, 10)
            chain.mine()
        data, config = f / "data", f / "eremos.toml"
        config.write_text("".join(
            f'[chains.{name}]\nstart = 0\n[[chains.{name}.providers]]\nkind = "ethereum"\n'
            f'ws = "ws://127.0.0.1:{anvils[n].port}"\nhttp = "http://127.0.0.1:{anvils[n].port}"\n'
            for n, name in ((1, "ethereum"), (10, "optimism"))))
        api = Api(free_port())
        node = Node(data, "--config", config, "--listen", f"127.0.0.1:{api.port}")

        def passed():
            """Both chains get on, and the node has all of it."""
            last = max(int(c.head()["timestamp"], 16) for c in chains.values())
            for n, chain in chains.items():
                chain.rpc("evm_setNextBlockTimestamp", last + 2)
                chain.mine()
                head = chain.head()["hash"][2:].upper()
                wait_until(lambda: stored(data, f"select 1 from ledger where hex(block_hash) = '{head}' and status = 'canonical'"),
                           30, f"the head of chain {n} is stored")

        def told():
            code, out, err = run("signals", "--data-dir", data, "--json", "--limit", "1000")
            need(code == 0, f"signals are listed {err}")
            found = [s for s in map(json.loads, out.splitlines()) if s["type"] == "bridge_transfer"]
            return {s["details"]["key"]: s for s in found if s["status"] == "active"}, found

        def waits_for(keys, claim):
            wait_until(lambda: sorted(told_quietly()) == sorted(keys), 30, claim)
            need(True, claim)

        def told_quietly():
            rows = stored(data, "select details from signals where type = 'bridge_transfer' and status = 'active'")
            return [json.loads(details)["key"] for details, in rows]

        passed()
        deposit = say(chains[1], ANNA, across_deposit(7, ANNA, ANNA, 5_000_000))
        fill = say(chains[10], BERT, across_fill(7, ANNA, ANNA, 5_000_000))
        passed()
        waits_for(["across:1:7"], "a deposit on one chain and its fill on another are linked")
        active, _ = told()
        s = active["across:1:7"]
        need((s["details"]["deposit"], s["details"]["withdrawal"]) == (deposit, fill), "with both transactions")
        code, out, err = run("explain", s["id"], "--data-dir", data)
        need(code == 0 and "across:1:7" in out and out.count("canonical") == 2, f"and explained {err}")
        print(out)

        code, out, err = run("agents", "--data-dir", data, "--json")
        linker, = [a for a in map(json.loads, out.splitlines()) if a["agent"] == "bridge-linker"]
        counts = linker["metrics"]
        (signals,), = stored(data, "select count(*) from signals where agent = 'bridge-linker'")
        need((linker["chain_id"], linker["state"], linker["signals"], linker["heard"]) == (0, "running", signals, 2),
             f"who links is listed among the agents, above the chains {linker}")
        need((counts["flows"], counts["links"], counts["chains_live"]) == (2, 1, 2), "with what it counted")
        wait_until(lambda: api.get("/api/v1/agents/bridge-linker")["items"][0]["signals"] == signals, 10,
                   "the API lists it, too")
        need([a for a in api.get("/api/v1/agents?chain=10")["items"] if a["chain_id"] != 10] == [], "but not as one of a chain")
        need('eremos_agent_signals_total{chain="all",agent="bridge-linker"}' in api.ask("GET", "/metrics")[2].decode(),
             "and so do the metrics")
        need("bridge-linker     flows" in run("stats", "--data-dir", data)[1], "and stats")

        # One side before a kill, the other after it; and the fill comes first.
        say(chains[10], BERT, across_fill(8, ANNA, BERT, 6_000_000))
        passed()
        node.kill()
        say(chains[1], ANNA, across_deposit(8, ANNA, BERT, 6_000_000))
        node = Node(data, "--config", config)
        passed()
        waits_for(["across:1:7", "across:1:8"], "what was seen before a kill is linked after it, once")
        # Kills before, between and after, wherever each chain is just then.
        for i in range(10, 22):
            sides = [lambda: say(chains[1], ANNA, across_deposit(i, ANNA, BERT, 1_000 + i)),
                     lambda: say(chains[10], BERT, across_fill(i, ANNA, BERT, 1_000 + i))]
            for k, side in enumerate(sides if i % 2 else reversed(sides)):
                side()
                if (i + k) % 3 == 0:
                    node.kill()
                    node = Node(data, "--config", config)
                if (i + k) % 4 == 0:
                    chains[1 if i % 5 else 10].mine()
        passed()
        many = [f"across:1:{i}" for i in (7, 8, *range(10, 22))]
        waits_for(many, "whenever it is killed, each is linked")
        need(len(told()[1]) == len(many), "and nothing is told twice")
        need(len(stored(data, "select 1 from signals where type = 'cross_chain_cluster'")) == 2, "nor are the wallets of one hand")

        depth = int(chains[10].head()["number"], 16) - int(chains[10].receipt(fill)["blockNumber"], 16) + 1
        chains[10].rpc("anvil_reorg", depth, [])
        passed()
        waits_for([], "a reorg of the chain of the fills takes all back")
        say(chains[10], BERT, across_fill(7, ANNA, ANNA, 5_000_000))
        passed()
        waits_for(["across:1:7"], "the fill that comes again is linked again")
        depth = int(chains[1].head()["number"], 16) - int(chains[1].receipt(deposit)["blockNumber"], 16) + 1
        chains[1].rpc("anvil_reorg", depth, [])
        passed()
        waits_for([], "a reorg of the chain of the deposit takes it back")
        need(node.stop() == 0, "the node drains and exits 0")
finally:
    for anvil in anvils.values():
        anvil.stop()
