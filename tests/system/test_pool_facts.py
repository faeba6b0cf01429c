"""Pools are asked whose they are, on a real Ethereum node, and their factories whether that is so: who only claims a factory gets
none of its facts; what is known is back after kill -9, gone with a reorg, and the same in a replay that asks nobody. A pool of
Uniswap V4, which is no contract, is known by its key."""
import json

import onchain
from onchain import Chain
from support import Anvil, Api, Node, compiled, folder, free_port, need, need_quietly, replay, run, stored, wait_until

onchain.contracts().update(compiled("odd_pools.sol"))
LOW, HIGH = f"0x{0x10:040x}", f"0x{0x20:040x}"
# Uniswap V4 on Ethereum, and its pool of the coin and USDC at 0.05 %: its id is the hash of its key.
MANAGER, POSITIONS = "0x000000000004444c5dc75cb358380d2e3de08a90", "0xbd216513d74c8cf14cf4747e6aaa6420ff64ee9e"
USDC, NOBODY = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48", "0x" + 40 * "0"
SWAP_V4 = "40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f"
KEY = onchain.words(NOBODY, USDC, 500, 10, NOBODY)
KEYED = "21c67e77068de97969ba93d4aab21826d33ca12bb9f565d8496e8fda8a82ca27"
# Logs its input with topics SWAP_V4, an id and its caller; returns the 160 bytes behind it.
LOGS = "3660006000" "37" "33" "7f{id}" "7f{topic}" "60c0" "6000" "a3" "00"
RETURNS = "60a0600c60003960a06000f3"
FACTORY, TOKEN0, TOKEN1, GET_PAIR = "c45a0155", "0dfe1681", "d21220a7", "e6a43905"

anvil = Anvil("--no-mining")
try:
    with folder() as f:
        chain = Chain(anvil)
        owner = anvil.rpc("eth_accounts")[0]
        factory = chain.deploy(owner, "PairFactory")
        chain.call(owner, factory, "make(address,address)", LOW, HIGH)
        chain.mine()
        pools = {name: chain.deploy(owner, name) for name in ("Selfish", "Mute", "Endless")}
        pools["True"] = "0x" + chain.read(factory, GET_PAIR, LOW, HIGH)[-40:]
        pools["Liar"] = chain.deploy(owner, "Pair", factory, LOW, HIGH)
        began = int(chain.head()["number"], 16)

        data, config = f / "data", f / "eremos.toml"
        config.write_text(f'[chains.ethereum]\nstart = {began}\nfacts_per_minute = 6000\n'
                          f'[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{anvil.port}"\nhttp = "http://127.0.0.1:{anvil.port}"\n')
        node = Node(data, "--config", config, "--no-api")

        def settled():
            head = chain.head()["hash"][2:].upper()
            wait_until(lambda: stored(data, f"select 1 from ledger where hex(block_hash) = '{head}' and status = 'canonical'"),
                       30, "the head is stored")

        def mine():
            chain.rpc("evm_increaseTime", 60)
            chain.mine()
            settled()

        def counts():
            return json.loads(run("stats", "--data-dir", data, "--json")[1])["chains"][0]["facts"]

        def facts(of=data, *more):
            code, out, err = run("facts", "--data-dir", of, "--json", *more)
            need_quietly(code == 0, f"facts are listed {err}")
            return [json.loads(line) for line in out.splitlines()]

        def values(name):
            return {x["kind"]: x["value"].lower() for x in facts(data, pools[name])}

        settled()
        for pool in pools.values():
            chain.call(owner, pool, "swap()")
        mine()
        first = int(chain.head()["number"], 16)
        wait_until(lambda: counts()["asked"] == 11 and counts()["waiting"] == 0, 30, "all five are asked, no more than shows what they are")
        need(facts() == [], "an answer waits for a block")
        mine()
        need(values("True") == {"factory": factory, "token0": LOW, "token1": HIGH}, "a pool is its factory's, who says the same")
        need(len(facts()) == 3, "who claims a factory, is its own or says nothing that makes sense is not known")
        need({(x["as_of"], x["from_block"]) for x in facts()} == {(first, first + 1)}, "with the block it was asked at, and the next")
        seen = counts()
        need((seen["answered"], seen["refused"], seen["wrong"], seen["failed"]) == (3, 1, 3, 0), f"all is counted {seen}")
        table = run("facts", "--data-dir", data, "--limit", "1")[1]
        need(len(table.splitlines()) == 2 and "token1" in table, "and shown to people")

        known = facts()
        for _ in range(3):  # a block that is handled once more at the head may have its pools asked once more
            mine()
        node.kill()
        port = free_port()
        node = Node(data, "--config", config, "--listen", f"127.0.0.1:{port}")
        wait_until(lambda: run("stats", "--data-dir", data, "--json")[0] == 0 and counts()["known"] == 3, 30, "facts are back after kill -9")
        chain.call(owner, pools["True"], "swap()")
        mine()
        mine()
        need(counts()["answered"] == 0 and facts() == known, "who is known is not asked again, and nothing is doubled")

        # A recording with the answers in their places makes the same facts.
        recording = f / "recording.jsonl"
        with open(recording, "w") as lines:
            def line(method, params, **outcome):
                lines.write(json.dumps({"chain_id": 1, "method": method, "params": params, **outcome}) + "\n")

            for number in range(began, first + 2):
                block = chain.rpc("eth_getBlockByNumber", hex(number), True)
                line("eth_getBlockByNumber", [hex(number), True], result=block)
                if number == first:
                    for who, data_of_call in [(p, call) for p in (pools["True"], pools["Liar"]) for call in (FACTORY, TOKEN0, TOKEN1)] + \
                                             [(factory, GET_PAIR + onchain.words(LOW, HIGH))]:
                        asked = [{"to": who, "data": "0x" + data_of_call}, {"blockHash": block["hash"]}]
                        line("eth_call", asked, result=chain.rpc("eth_call", *asked))
                line("eth_getBlockReceipts", [block["hash"]], result=chain.rpc("eth_getBlockReceipts", hex(number)))
        again = f / "again"
        replay(recording, "--config", config, "--data-dir", again)
        need(facts(again) == known, "a recording with the answers in their places makes the same facts")

        # What was asked at a block that lost is gone with it.
        chain.call(owner, factory, "make(address,address)", HIGH, LOW)
        mine()
        pools["Late"] = "0x" + chain.read(factory, GET_PAIR, HIGH, LOW)[-40:]
        chain.call(owner, pools["Late"], "swap()")
        mine()
        wait_until(lambda: counts()["answered"] == 3, 30, "a new pool is asked")
        mine()
        need(values("Late") == {"factory": factory, "token0": HIGH, "token1": LOW}, "and known")
        chain.rpc("anvil_reorg", 2, [])
        mine()
        need(counts()["reverted"] == 3 and facts() == known, "a reorg takes what was asked at its blocks, and nothing else")

        # A pool of Uniswap V4 proves itself; another pool's key proves nothing.
        for pool in (KEYED, "21c67e77" + 56 * "1"):
            chain.rpc("anvil_setCode", MANAGER, "0x" + LOGS.format(id=pool, topic=SWAP_V4))
            chain.rpc("anvil_setCode", POSITIONS, "0x" + RETURNS + KEY)
            before = counts()
            chain.rpc("eth_sendTransaction", {"from": owner, "to": MANAGER, "data": "0x" + 384 * "0", "gas": hex(200_000)})
            mine()
            wait_until(lambda: counts()["asked"] == before["asked"] + 1, 30, "a pool of Uniswap V4 is asked about once")
            mine()
        need((counts()["answered"], counts()["wrong"]) == (6, 1), f"one key is its pool's {counts()}")
        keyed = {x["kind"]: x["value"].lower() for x in facts(data, "0x" + KEYED)}
        need(keyed == {"factory": MANAGER, "token0": NOBODY, "token1": USDC}, f"and known by the pool's id {keyed}")
        asked = {x["kind"]: x["value"].lower() for x in Api(port).get("/api/v1/facts?chain=1&address=0x" + KEYED)["items"]}
        need(asked == keyed, f"as it is to the API {asked}")
        need(node.stop() == 0, "the node drains and exits 0")
finally:
    anvil.stop()
