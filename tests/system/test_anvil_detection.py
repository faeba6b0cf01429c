"""What detectors are for, on a real Ethereum node with contracts as mainnet has them: a launch paid by an exchange, an
attack with a flash loan, an upgrade, a wallet that wakes; told once each, explained, and taken back by a reorg."""
import json

from onchain import ETHER, TRANSFER, Chain, Exchange, contracts, words
from support import Anvil, Node, folder, need, need_quietly, run, stored, wait_until

BINANCE = "0x28c6c06298d514db089934071355e5743bf21d60"  # "Binance 14" of the labels
DAYS_ASLEEP = 200


def wallet(n):
    return f"0x{0xE0E0 << 144 | n:040x}"


DEPLOYER, FUNDER, SLEEPER, THIEF = wallet(1), wallet(2), wallet(3), wallet(4)
BUYERS = [wallet(0x50 + i) for i in range(4)]


def same(address):
    """Without its checksum."""
    return address.lower()


class Story:
    """What happens, block by block; the same again after a reorg."""

    def __init__(self, chain, exchange, builder, settled, known):
        self.chain, self.exchange, self.builder = chain, exchange, builder
        self.settled, self.known = settled, known

    def launch(self):
        """An exchange pays a fresh wallet; it deploys, and opens a pool some time after; four wallets of one hand buy."""
        c = self.chain
        self.funding = c.send(BINANCE, DEPLOYER, value=60 * ETHER)
        c.mine()
        self.coin = c.deploy(DEPLOYER, "Coin")
        self.creation = c.head()["transactions"][0]
        for who in BUYERS:
            c.send(FUNDER, who, value=3 * ETHER)
        c.mine(9)  # nobody can buy yet
        self.opened = self.exchange.add_liquidity(DEPLOYER, self.coin, 800_000 * ETHER, 50 * ETHER)
        c.mine()
        bought = [self.exchange.buy(who, self.coin, ETHER) for who in BUYERS]
        c.mine()
        for purchase in bought:
            c.receipt(purchase)
        self.pool = self.exchange.pair(self.coin)

    def ask(self):
        """Somebody buys until the pool was asked what it is."""
        def known():
            self.exchange.buy(self.builder, self.coin, ETHER // 100)
            self.chain.mine()
            self.settled()
            return self.known(self.pool)

        wait_until(known, 30, "the pool is known")

    def attack(self):
        """A bank is made to lend too much."""
        c, weth = self.chain, self.exchange.weth
        lender = c.deploy(self.builder, "Lender", weth)
        bank = c.deploy(self.builder, "Bank", self.pool, self.coin, weth)
        c.send(self.builder, weth, "d0e30db0", value=500 * ETHER)  # deposit()
        c.call(self.builder, weth, TRANSFER, "0x" + c.read(lender, "aToken()")[-40:], 400 * ETHER)
        c.call(self.builder, weth, TRANSFER, bank, 100 * ETHER)
        c.mine()
        self.attacker = c.deploy(THIEF, "Attacker", lender, bank)
        self.theft = c.call(THIEF, self.attacker, "attack(uint256)", 150 * ETHER)
        c.mine()
        c.receipt(self.theft)
        self.lender = lender

    def upgrade(self, proxy):
        """New code for a vault that is watched."""
        c = self.chain
        code = c.deploy(self.builder, "Vault")
        upgraded = c.call(self.builder, proxy, "upgradeToAndCall(address,bytes)", code, 0x40, 0)
        c.mine()
        c.receipt(upgraded)
        self.code = code

    def wake(self):
        c = self.chain
        c.rpc("evm_increaseTime", DAYS_ASLEEP * 86400)
        self.woken = c.send(SLEEPER, wallet(0x99), value=ETHER)
        self.exchange.buy(wallet(0x60), self.coin, ETHER)  # the pool slept as long, and is no wallet
        c.mine()
        c.receipt(self.woken)

    def tell(self, proxy):
        self.launch()
        self.ask()
        self.attack()
        self.upgrade(proxy)
        self.wake()


anvil = Anvil("--no-mining", "--order", "fifo")
try:
    with folder() as f:
        chain = Chain(anvil)
        builder = anvil.rpc("eth_accounts")[0]
        for who, ether in ((BINANCE, 1000), (FUNDER, 100), (SLEEPER, 10), (THIEF, 10), (wallet(0x60), 10)):
            chain.anybody(who, ether)
        exchange = Exchange(chain, builder)
        vault = chain.deploy(builder, "Vault")
        begin = contracts()["Vault"]["methods"]["begin(address)"] + words(builder)
        proxy = chain.deploy(builder, "ERC1967Proxy", vault, 0x40, len(begin) // 2, tail=begin.ljust(128, "0"))
        chain.send(SLEEPER, wallet(0x98), value=ETHER // 10)
        chain.mine()

        data = f / "data"
        config = f / "eremos.toml"
        config.write_text(f'[watch]\naddresses = ["{proxy}"]\n'
                          f'[chains.ethereum]\nstart = 0\nfacts_per_minute = 6000\n[[chains.ethereum.providers]]\nkind = "ethereum"\n'
                          f'ws = "ws://127.0.0.1:{anvil.port}"\nhttp = "http://127.0.0.1:{anvil.port}"\n')
        node = Node(data, "--config", config)
        TOLD = ("launch_detected", "flash_loan_manipulation", "admin_change", "wallet_reactivated")

        def settled():
            head = chain.head()["hash"][2:].upper()
            wait_until(lambda: stored(data, f"select 1 from ledger where hex(block_hash) = '{head}' and status = 'canonical'"),
                       30, "the head is stored")

        def known(pool):
            code, out, err = run("facts", pool, "--data-dir", data, "--json")
            need_quietly(code == 0, f"facts are listed {err}")
            return {x["kind"]: same(x["value"]) for x in map(json.loads, out.splitlines()) if x["kind"] not in ("decimals", "symbol")}

        def told():
            code, out, err = run("signals", "--data-dir", data, "--json", "--limit", "1000")
            need(code == 0, f"signals are listed {err}")
            return [s for s in map(json.loads, out.splitlines()) if s["type"] in TOLD]

        def explained(signal):
            code, out, err = run("explain", signal["id"], "--data-dir", data)
            need(code == 0 and signal["type"] in out, f"{signal['type']} is explained {err}")
            print(out)
            return out

        def active():
            """Of each kind the one that stands; its story is printed."""
            found = {}
            for s in told():
                if s["status"] == "active":
                    need(s["type"] not in found, f"{s['type']} is told once: {s['subject']}")
                    found[s["type"]] = s
            need(sorted(found) == sorted(TOLD), f"of what happened everything is told: {sorted(found)}")
            return [found[kind] for kind in TOLD]

        settled()
        need(not told(), f"nothing is said before anything happens {[(s['type'], s['subject'], s['details']) for s in told()]}")
        before = anvil.rpc("evm_snapshot")
        began = int(chain.head()["number"], 16)
        story = Story(chain, exchange, builder, settled, known)
        story.tell(proxy)
        settled()

        launch, attack, change, wake = active()
        details = launch["details"]
        need(launch["subject"] == story.coin and launch["severity"] == "medium", "the launch is of the coin, and medium")
        need((same(details["deployer"]), details["funder_name"]) == (DEPLOYER, "Binance 14"), "with deployer and exchange")
        need((same(details["pool"]), same(details["pool_factory"])) == (story.pool, exchange.factory), "with pool and factory")
        need((details["funding"], details["deployment"]) == (story.funding, story.creation), "with both transactions")
        need([same(x) for x in details["addresses"].split(",")] == BUYERS and details["buyers"] == 4, "with its buyers")
        need(details["one_hand"] and details["blocks_after_liquidity"] == 1, "of one hand, a block after the first liquidity")
        need(details["pool_dex"] == "UniswapV2", "which is Uniswap V2's")
        need(launch["evidence_total"] == 7, "payment, creation, liquidity and four purchases are its evidence")
        text = explained(launch)
        need("Binance 14" in text and "one hand: yes" in text, "which explain says in words")

        details = attack["details"]
        need(attack["subject"] == story.theft == details["transaction"] and attack["severity"] == "high", "the attack is its transaction, and high")
        need((same(details["lender"]), same(details["executor"]), same(details["pool"])) == (story.lender, story.attacker, story.pool),
             "with lender, executor and pool")
        need(all(details[x] for x in ("swaps_back", "price_returns", "paid_between", "gains")), "by all four signs")
        need(known(story.pool) == {"factory": exchange.factory, "token0": min(story.coin, exchange.weth),
                                   "token1": max(story.coin, exchange.weth)}, "the pool said whose it is, and its factory as well")
        need((details["pool_dex"], same(details["pool_factory"])) == ("UniswapV2", exchange.factory), "in the words of the attack")
        text = explained(attack)
        need("borrowed" in text and "That pool is of UniswapV2 and trades" in text, "which explain says in words")

        details = change["details"]
        need(change["subject"] == proxy and change["severity"] == "critical", "the upgrade is of the proxy, and critical")
        need((details["change"], same(details["now"])) == ("upgrade", story.code), "with its new code")
        need(f"{change['confidence']:.2f} by weight of the change" in explained(change), "which explain says in words")

        need(wake["subject"] == SLEEPER and wake["details"]["silent_days"] == DAYS_ASLEEP, f"the wallet slept {DAYS_ASLEEP} days")
        need(f"slept for {DAYS_ASLEEP} days" in explained(wake), "which explain says in words")

        def gone(signals):
            ids = {s["id"] for s in signals}
            wait_until(lambda: {s["status"] for s in told() if s["id"] in ids} == {"retracted"}, 20, "all four are retracted")
            need(not [s for s in told() if s["status"] == "active"], "and nothing else stands")
            for s in signals:
                code, out, err = run("explain", s["id"], "--data-dir", data)
                need(code == 0 and "retracted" in out and "reverted" in out, f"explain says it of {s['type']} {err}")

        def something_else(blocks):
            for _ in range(blocks):  # empty blocks could come with the hashes of others
                chain.send(builder, wallet(0x77), value=1)
                chain.mine()
            settled()

        # The head goes back without notice, and another branch begins.
        anvil.rpc("evm_revert", before)
        something_else(3)
        gone((launch, attack, change, wake))

        # Told once more on that branch, and taken back by a reorg that is announced.
        began = int(chain.head()["number"], 16)
        story.tell(proxy)
        settled()
        again = active()
        need({s["id"] for s in again}.isdisjoint(s["id"] for s in (launch, attack, change, wake)), "what happens anew is told anew")
        anvil.rpc("anvil_reorg", int(chain.head()["number"], 16) - began, [])
        something_else(1)
        gone(again)
        need(node.stop() == 0, "the node drains and exits 0")
finally:
    anvil.stop()
