"""A person's own labels: read at the start and again when told to, from the next block on, the same after kill -9 and in
a replay; a file that is wrong changes nothing."""
import json
import signal

from onchain import Chain, contracts, words
from support import Anvil, Node, folder, need, replay, run, stored, wait_until

anvil = Anvil("--no-mining")
try:
    with folder() as f:
        chain = Chain(anvil)
        owner = anvil.rpc("eth_accounts")[0]
        code = chain.deploy(owner, "Vault")
        begin = contracts()["Vault"]["methods"]["begin(address)"] + words(owner)
        proxies = [chain.deploy(owner, "ERC1967Proxy", code, 0x40, len(begin) // 2, tail=begin.ljust(128, "0")) for _ in range(2)]

        data, config, csv, more = f / "data", f / "eremos.toml", f / "mine.csv", f / "mine.json"
        csv.write_text("# chain,kind,name,address,decimals,marks,source\n")
        more.write_text("[]")
        config.write_text(f'[labels]\nfiles = ["{csv}", "{more}"]\n'
                          f'[chains.ethereum]\nstart = 0\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{anvil.port}"\nhttp = "http://127.0.0.1:{anvil.port}"\n')
        node = Node(data, "--config", config)

        def settled():
            head = chain.head()["hash"][2:].upper()
            wait_until(lambda: stored(data, f"select 1 from ledger where hex(block_hash) = '{head}'"), 30, "the head is stored")

        def upgrade(proxy):
            chain.call(owner, proxy, "upgradeToAndCall(address,bytes)", code, 0x40, 0)
            chain.mine()
            settled()

        def told():
            out = run("signals", "--data-dir", data, "--json", "--type", "admin_change")[1]
            return [(s["subject"], s["block_number"], s["details"].get("name", ""), s["config_hash"]) for s in map(json.loads, out.splitlines())]

        def height():
            return int(chain.head()["number"], 16)

        settled()
        upgrade(proxies[0])
        need(told() == [], "nobody knows the contract, nothing is told")
        known_from = height() + 1

        csv.write_text(f"1,lending,Bank of Tests,{proxies[0]},-,watched,mine\n")
        code_, out, err = run("labels", "reload", "--data-dir", data)
        need(code_ == 0 and "labels from the next block on" in out, f"a reload says what it did {out}{err}")
        need("Bank of Tests" in run("labels", "--data-dir", data)[1], "the label is listed")
        need(told() == [], "what was handled before stays")
        upgrade(proxies[0])
        need([(s[0], s[1], s[2]) for s in told()] == [(proxies[0], known_from, "Bank of Tests")], "from the next block on it is known")

        csv.write_text(f"1,lending,Bank of Tests,{proxies[0]},-,watched\n")
        code_, out, err = run("labels", "reload", "--data-dir", data)
        need(code_ == 78 and "mine.csv:1" in err, f"a file that is wrong is refused by its place {err}")
        need("Bank of Tests" in run("labels", "--data-dir", data)[1], "and changes nothing")

        # SIGHUP does the same: another contract by JSON, the first one no more; a token that lies is flagged.
        csv.write_text("")
        more.write_text(json.dumps([{"address": proxies[1], "kind": "bridge", "name": "Bridge of Tests"},
                                    {"address": "0x" + "ab" * 20, "chain": 1, "kind": "token", "name": "USD\u0421"}], ensure_ascii=False))
        node.process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Bridge of Tests" in run("labels", "--data-dir", data)[1], 10, "SIGHUP reads the files again")
        need("looks like USDC" in (f / "node.log").read_text(), "a name that looks like a known token's is said and flagged")
        second_from = height() + 1
        upgrade(proxies[0])
        upgrade(proxies[1])
        before = told()
        need([(s[0], s[1]) for s in before] == [(proxies[1], second_from + 1), (proxies[0], known_from)], "from then on only the other one")
        need(len({s[3] for s in before}) == 2, "a signal says which labels it rests on")

        # What is handled once more after kill -9 is handled with the labels it was handled with.
        node.kill()
        node = Node(data, "--config", config)
        wait_until(lambda: "Bridge of Tests" in run("labels", "--data-dir", data)[1], 20, "the node is back")
        upgrade(proxies[1])
        need(sorted(told())[:-1] == sorted(before) or set(before) < set(told()), "nothing is lost")
        need(len(told()) == 3, "and nothing doubled or made anew")
        need(node.stop() == 0, "the node drains and exits 0")

        # A recording with the same inputs in the same places says the same.
        recording = f / "recording.jsonl"
        with open(recording, "w") as lines:
            def line(method, params, result):
                lines.write(json.dumps({"chain_id": 1, "method": method, "params": params, "result": result}) + "\n")

            for number in range(height() + 1):
                if number == known_from:
                    line("eremos_labels", [], [{"address": proxies[0], "chain": 1, "kind": "lending", "name": "Bank of Tests", "watched": True}])
                if number == second_from:
                    line("eremos_labels", [], json.loads(more.read_text()))
                block = chain.rpc("eth_getBlockByNumber", hex(number), True)
                line("eth_getBlockByNumber", [hex(number), True], block)
                line("eth_getBlockReceipts", [block["hash"]], chain.rpc("eth_getBlockReceipts", hex(number)))
        again = [(s["subject"], s["block_number"], s["details"].get("name", "")) for s in replay(recording)[0] if s["type"] == "admin_change"]
        need(sorted(again) == sorted(s[:3] for s in told()), "a recording with the labels in their places says the same")
finally:
    anvil.stop()
