"""Tokens are asked what they call themselves, on a real Ethereum node: honest ones, old ones, liars, mutes; each once, gone with
a reorg, back after kill -9, and the same in a replay that asks nobody."""
import json

import onchain
from onchain import Chain
from support import Anvil, Node, compiled, folder, need, replay, run, stored, wait_until

TOKENS = ("Honest", "Old", "Liar", "Refusing", "Empty", "Long")
onchain.contracts().update(compiled("odd_tokens.sol"))

anvil = Anvil("--no-mining")
try:
    with folder() as f:
        chain = Chain(anvil)
        owner = anvil.rpc("eth_accounts")[0]
        token = {name: chain.deploy(owner, name) for name in TOKENS}
        token["Proxy"] = chain.deploy(owner, "Proxy", token["Honest"])
        began = int(chain.head()["number"], 16)

        data, config = f / "data", f / "eremos.toml"
        config.write_text(f'[agents.harvester]\nindex_min = 2\nindex_cooldown = "1s"\n'
                          f'[chains.ethereum]\nstart = {began}\nfacts_per_minute = 6000\n'
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

        def see(name, count=2):
            return chain.call(owner, token[name], "mint(uint160,uint160)", 0x1000, count)

        def facts(name):
            rows = stored(data, f"select kind, number, cast(text as text) from facts where hex(address) = '{token[name][2:].upper()}'")
            return {kind: (number, text) for kind, number, text in rows}

        def counts():
            return json.loads(run("stats", "--data-dir", data, "--json")[1])["chains"][0]["facts"]

        def told():
            out = run("signals", "--data-dir", data, "--json", "--type", "mint_activity")[1]
            return {(s["subject"], s["block_number"]): s["details"] for s in map(json.loads, out.splitlines())}

        settled()
        for name in token:
            see(name)
        chain.send(owner, None, onchain.contracts()["Gone"]["bytecode"][2:])
        mine()
        first = int(chain.head()["number"], 16)
        wait_until(lambda: counts()["asked"] == 16 and counts()["waiting"] == 0, 30, "all eight are asked, two questions each")
        need(not stored(data, "select 1 from facts"), "an answer waits for a block")
        mine()
        DECIMALS, SYMBOL = 0, 1
        need(facts("Honest") == {DECIMALS: (9, ""), SYMBOL: (0, "HONEST")}, "an honest token is known")
        need(facts("Old")[SYMBOL] == (0, "OLD"), "one whose symbol is 32 bytes as well")
        need(facts("Liar") == {SYMBOL: (0, "USDC")}, "200 decimals are none")
        need(facts("Refusing") == {} and facts("Empty") == {}, "who refuses or says nothing is not known")
        need(facts("Long")[SYMBOL] == (0, "LONG" * 8), "of a megabyte the beginning is kept")
        need(facts("Proxy") == facts("Honest"), "a proxy answers as what stands behind it")
        seen = counts()
        need((seen["answered"], seen["refused"], seen["wrong"], seen["cut"], seen["failed"]) == (9, 6, 1, 1, 0), f"all is counted {seen}")
        need(stored(data, "select distinct as_of, from_block from facts") == [(first, first + 1)], "with the block it was asked at, and the next")

        for name in token:
            see(name)
        mine()
        second = int(chain.head()["number"], 16)
        words = told()
        need("token_calls_itself" not in words[token["Honest"], first], "in the block in which it is met nothing is known yet")
        need(words[token["Honest"], second]["token_calls_itself"] == "HONEST", "later it is said what a token calls itself")
        need("token_imitates" not in words[token["Honest"], second], "which imitates nobody")
        need(words[token["Liar"], second]["token_imitates"] == "USDC", "and whom a liar imitates")
        need("token_calls_itself" not in words[token["Refusing"], second], "of a mute nothing")
        need(counts()["asked"] == 16, "nobody is asked twice")

        # kill -9 loses nothing, and nobody who is known is asked again.
        before = stored(data, "select * from facts order by position")
        node.kill()
        node = Node(data, "--config", config, "--no-api")
        wait_until(lambda: run("stats", "--data-dir", data, "--json")[0] == 0 and counts()["known"] == 9, 30, "facts are back after kill -9")
        for name in ("Honest", "Old", "Liar", "Proxy"):
            see(name)
        mine()
        third = int(chain.head()["number"], 16)
        wait_until(lambda: counts()["waiting"] == 0, 30, "mutes may be asked once more")
        need(counts()["answered"] == 0, "known tokens are not asked again")
        need(stored(data, "select * from facts order by position") == before, "nothing is doubled")
        need(told()[token["Liar"], third]["token_imitates"] == "USDC", "and is said as before")

        # A recording with the answers in their place says the same, word for word.
        recording = f / "recording.jsonl"
        with open(recording, "w") as lines:
            def line(method, params, **outcome):
                lines.write(json.dumps({"chain_id": 1, "method": method, "params": params, **outcome}) + "\n")

            for number in range(began, third + 1):
                block = chain.rpc("eth_getBlockByNumber", hex(number), True)
                line("eth_getBlockByNumber", [hex(number), True], result=block)
                if number == first:
                    for who in token.values():
                        for selector in ("0x313ce567", "0x95d89b41"):
                            asked = [{"to": who, "data": selector}, {"blockHash": block["hash"]}]
                            try:
                                line("eth_call", asked, result=chain.rpc("eth_call", *asked))
                            except RuntimeError as refused:
                                line("eth_call", asked, error={"code": 3, "message": str(refused)})
                line("eth_getBlockReceipts", [block["hash"]], result=chain.rpc("eth_getBlockReceipts", hex(number)))
        again = {(s["subject"], s["block_number"]): s["details"]
                 for s in replay(recording, "--config", config)[0] if s["type"] == "mint_activity"}
        need(again == told(), "a recording with the answers in their places says the same, word for word")

        # What was asked at a block that lost is gone with it, and is asked again at the one that won.
        token["Late"] = chain.deploy(owner, "Honest")
        settled()
        see("Late")
        mine()
        lost = int(chain.head()["number"], 16)
        wait_until(lambda: counts()["answered"] == 2, 30, "a new token is asked")
        mine()
        need(len(facts("Late")) == 2, "and known")
        chain.rpc("anvil_reorg", 2, [])
        mine()
        need(counts()["reverted"] == 2, "a reorg takes what was asked at its blocks")
        need(not stored(data, f"select 1 from facts where as_of = {lost}"), "from the store as well")
        need(stored(data, f"select * from facts where as_of < {lost} order by position") == before, "what was asked before stays")
        see("Late")
        mine()
        wait_until(lambda: counts()["answered"] == 4, 30, "it is asked again")
        mine()
        need(len(facts("Late")) == 2, "and known again")
        need(node.stop() == 0, "the node drains and exits 0")
finally:
    anvil.stop()
