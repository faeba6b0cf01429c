"""Wallets that slept before the node watched, on a real Ethereum node: asked of its past, told once, taken back by a reorg, the
same after kill -9; and those that did not sleep, or that nobody can tell of, never told."""
import json

from onchain import ETHER, Chain
from support import Anvil, Node, folder, need, run, stored, wait_until

DAYS_ASLEEP = 200
LAST_ACT = 5  # fact_kind


def wallet(n):
    return f"0x{0x51EE9 << 140 | n:040x}"


SLEEPER, SECOND, AWAKE, NEW, SMALL = (wallet(n) for n in range(1, 6))
SOMEBODY = wallet(99)

anvil = Anvil("--no-mining", "--order", "fifo")
try:
    with folder() as f:
        chain = Chain(anvil)
        for who in (SLEEPER, SECOND, AWAKE, NEW, SMALL):
            chain.anybody(who, 100)
        chain.mine(20)
        acts = {}
        for who in (SLEEPER, SECOND, SMALL):
            for _ in range(2):
                chain.send(who, SOMEBODY, value=ETHER)
                chain.mine()
            acts[who] = chain.head()
        chain.send(AWAKE, SOMEBODY, value=ETHER)
        chain.mine(30)
        chain.rpc("evm_increaseTime", DAYS_ASLEEP * 86400)
        chain.mine(10)
        chain.send(AWAKE, SOMEBODY, value=ETHER)
        chain.mine(10)
        began = int(chain.head()["number"], 16)

        data, config = f / "data", f / "eremos.toml"

        def configure(providers, more=""):
            config.write_text(f'[chains.ethereum]\nstart = {began}\nfacts_per_minute = 0\nwallet_questions_per_minute = 6000\n{more}' +
                              "".join(f'[[chains.ethereum.providers]]\nkind = "ethereum"\nname = "p{n}"\n'
                                      f'ws = "ws://127.0.0.1:{anvil.port}"\nhttp = "http://127.0.0.1:{anvil.port}"\n'
                                      for n in range(providers)))
            return Node(data, "--config", config, "--no-api")

        def settled():
            head = chain.head()["hash"][2:].upper()
            wait_until(lambda: stored(data, f"select 1 from ledger where hex(block_hash) = '{head}' and status = 'canonical'"),
                       30, "the head is stored")

        def mine():
            chain.rpc("evm_increaseTime", 12)
            chain.mine()
            settled()
            return int(chain.head()["number"], 16)

        def pay(who, value):
            return chain.send(who, SOMEBODY, value=value)

        def counts():
            code, out, _ = run("stats", "--data-dir", data, "--json")
            return json.loads(out)["chains"][0]["sleep"] if code == 0 else {}

        def told():
            out = run("signals", "--data-dir", data, "--json", "--type", "wallet_reactivated")[1]
            return {s["subject"].lower(): s for s in map(json.loads, out.splitlines()) if s["agent"] == "skiero"}

        def known():
            rows = stored(data, f"select lower(hex(address)), number, cast(text as text), as_of, from_block from facts where kind = {LAST_ACT}")
            return {"0x" + who: tuple(rest) for who, *rest in rows}

        def time_of(block):
            return int(block["timestamp"], 16) * 1000

        node = configure(1)
        settled()
        for who, value in ((SLEEPER, 2 * ETHER), (AWAKE, 2 * ETHER), (NEW, 2 * ETHER), (SMALL, ETHER // 10)):
            pay(who, value)
        acted = mine()
        wait_until(lambda: counts().get("asleep") == 1 and counts()["waiting"] == 0, 30, "it is asked who slept")
        need(not told(), "an answer waits for a block")
        mine()
        need(known() == {SLEEPER: (time_of(acts[SLEEPER]), "1", acted, acted + 1)}, f"of its last act the very block is found {known()}")
        seen = counts()
        need((seen["asleep"], seen["awake"], seen["unknown"], seen["contradicted"]) == (1, 1, 0, 0), f"all is counted {seen}")
        need(list(told()) == [SLEEPER], "who slept is told, and nobody else")
        signal = told()[SLEEPER]
        details = signal["details"]
        need(signal["block_number"] == acted + 1 and signal["status"] == "active", "with the block that brought the answer")
        need(details["silent_days"] == DAYS_ASLEEP and details["asked_chain"] is True and details["said_by"] == 1, f"it says how it is known {details}")
        need(signal["confidence"] == 0.5, "one provider's word is worth no more")
        need("asked_chain" in run("explain", signal["id"], "--data-dir", data)[1], "and so it is explained")

        # kill -9: nothing is told twice, and what is known stays.
        node.kill()
        node = configure(2, "quorum = 2\n")
        mine()
        need(told() == {SLEEPER: signal}, "after kill -9 it is told as before")
        need(known()[SLEEPER][2:] == (acted, acted + 1), "and known as before")

        # Where two must agree, both are asked.
        def act_of_second():
            wait_until(lambda: counts()["waiting"] == 0, 30, "what blocks that came again asked is answered")
            before = counts()["asleep"]
            pay(SECOND, 3 * ETHER)
            acted = mine()
            wait_until(lambda: counts()["asleep"] == before + 1, 30, "the second one is asked about")
            mine()
            return acted

        second = act_of_second()
        need(known()[SECOND] == (time_of(acts[SECOND]), "2", second, second + 1), f"two providers agree {known()}")
        need(told()[SECOND]["details"]["said_by"] == 2 and told()[SECOND]["confidence"] > 0.5, "which is worth more")

        # The act is taken back, and with it what was asked because of it.
        chain.rpc("anvil_reorg", 2, [])
        mine()
        wait_until(lambda: told()[SECOND]["status"] == "retracted", 30, "a reorg takes the awakening back")
        need(SECOND not in known() and SLEEPER in known(), "and what was asked because of it")
        need(told()[SLEEPER]["status"] == "active", "but not the other")
        act_of_second()
        again = run("signals", "--data-dir", data, "--json", "--type", "wallet_reactivated")[1]
        active = [s["subject"].lower() for s in map(json.loads, again.splitlines()) if s["status"] == "active"]
        need(sorted(active) == sorted([SLEEPER, SECOND]), f"it is asked again when it acts again, and each is told once {active}")
        need(node.stop() == 0, "the node drains and exits 0")
finally:
    anvil.stop()
