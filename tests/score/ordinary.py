"""Ordinary traffic around what is planted: payments, token transfers, trades, allowances, mints, airdrops, failures."""
from made_chain import (APPROVAL, ETHER, EXCHANGE, ROUTER_V2, SWAP_V2, SWAP_V3, SYNC, USDC, USDT, WETH, ZERO, item_transfer,
                        log, transfer)

# How often each happens, after seven whole mainnet blocks: half of all transactions move no token.
WEIGHTS = {"pay": 30, "send_token": 24, "trade": 16, "withdraw": 6, "deposit": 5, "allow": 6, "revoke": 1, "fail": 4,
           "call": 4, "sign": 2, "mint_item": 1, "sell_item": 0.5, "airdrop": 0.2, "zero_value": 0.3, "payout": 0.2}


class Pool:
    """A constant-product pair with 0.3 % fee, of V2 or V3."""

    def __init__(self, chain, token0, token1, reserve0, reserve1, kind="v2"):
        self.address = chain.address()
        self.tokens = (token0, token1)
        self.reserves = [reserve0, reserve1]
        self.kind = kind

    def swap(self, side, amount, sender, recipient, payer):
        """The logs of a swap of `amount` of token `side`, and what comes out."""
        other = 1 - side
        fee = amount * 997 // 1000
        out = self.reserves[other] * fee // (self.reserves[side] + fee)
        self.reserves[side] += amount
        self.reserves[other] -= out
        logs = [transfer(self.tokens[side], payer, self.address, amount),
                transfer(self.tokens[other], self.address, recipient, out)]
        if self.kind == "v2":
            logs.append(log(self.address, [SYNC], *self.reserves))
            amounts = [0, 0, 0, 0]
            amounts[side], amounts[2 + other] = amount, out
            logs.append(log(self.address, [SWAP_V2, sender, recipient], *amounts))
        else:
            deltas = [0, 0]
            deltas[side], deltas[other] = amount, -out
            price = int((self.reserves[1] / self.reserves[0]) ** 0.5 * 2**96)
            logs.append(log(self.address, [SWAP_V3, sender, recipient], *deltas, price, 10**20, 0))
        return logs, out


class Ordinary:
    """Writes into a chain; holds the cast."""

    def __init__(self, chain, wallets=6_000, tokens=12):
        self.chain = chain
        random = chain.random
        self.wallets = [chain.address() for _ in range(wallets)]
        self.friends = {w: [random.choice(self.wallets) for _ in range(5)] for w in self.wallets}
        self.tokens = [USDC, USDT, WETH] + [chain.address() for _ in range(tokens)]
        self.pools = [Pool(chain, token, WETH, 10**24, 500 * ETHER, random.choice(("v2", "v3")))
                      for token in self.tokens[3:]]
        self.collections = [chain.address() for _ in range(6)]
        self.deposits = {}
        self.routers = [ROUTER_V2, chain.address(), chain.address()]  # two that nobody labelled
        self.items = 0
        self.crowded = []  # pools
        self.owned = []  # [collection, item, owner]
        self.market = chain.address()
        self.upgraded = set()  # (block, contract)

    def fill(self, number, count):
        kinds = self.chain.random.choices(list(WEIGHTS), list(WEIGHTS.values()), k=count)
        for kind in kinds:
            getattr(self, kind)(number, self.chain.random.choice(self.wallets))

    def amount(self):
        return int(10 ** self.chain.random.uniform(6, 11))

    def pay(self, number, who):
        value = int(10 ** self.chain.random.uniform(15, 19.3))
        self.chain.transaction(number, who, self.chain.random.choice(self.friends[who]), value)

    def send_token(self, number, who):
        token, to = self.chain.random.choice(self.tokens), self.chain.random.choice(self.friends[who])
        self.chain.transaction(number, who, token, call="0xa9059cbb", logs=[transfer(token, who, to, self.amount())])

    def trade(self, number, who):
        random = self.chain.random
        pool, router, side = random.choice(self.pools), random.choice(self.routers), random.randrange(2)
        amount = pool.reserves[side] // random.randrange(500, 20_000)
        logs, _ = pool.swap(side, amount, router, who, who)
        self.chain.transaction(number, who, router, call="0x38ed1739", logs=logs)

    def withdraw(self, number, who):
        self.chain.transaction(number, EXCHANGE, who, int(10 ** self.chain.random.uniform(16, 19)))

    def deposit(self, number, who):
        at = self.deposits.setdefault(who, self.chain.address())
        self.chain.transaction(number, who, USDT, call="0xa9059cbb", logs=[transfer(USDT, who, at, self.amount())])

    def allow(self, number, who):
        token = self.chain.random.choice(self.tokens)
        amount = self.chain.random.choice((2**256 - 1, self.amount()))
        self.chain.transaction(number, who, token, call="0x095ea7b3",
                               logs=[log(token, [APPROVAL, who, self.chain.random.choice(self.routers)], amount)])

    def revoke(self, number, who):
        token = self.chain.random.choice(self.tokens)
        self.chain.transaction(number, who, token, call="0x095ea7b3", logs=[log(token, [APPROVAL, who, self.chain.address()], 0)])

    def fail(self, number, who):
        self.chain.transaction(number, who, self.chain.random.choice(self.routers), call="0x38ed1739", status=0)

    def call(self, number, who):
        self.chain.transaction(number, who, self.chain.address(), call="0x" + self.chain.random.randbytes(36).hex())

    def sign(self, number, who):
        """A call with a signature, that waited."""
        self.chain.transaction(number, who, self.chain.random.choice(self.routers),
                               call="0xd0e30db0" + self.chain.random.randbytes(128).hex(), seen=True)

    def mint_item(self, number, who):
        self.items += 1
        where = self.chain.random.choice(self.collections)
        self.owned.append([where, self.items, who])
        self.chain.transaction(number, who, where, call="0x1249c58b", logs=[item_transfer(where, ZERO, who, self.items)])

    def sell_item(self, number, who):
        """What somebody minted or bought, to another; the buyer calls the market."""
        if self.owned:
            what = self.chain.random.choice(self.owned)
            self.sale(number, *what[:2], what[2], who, int(10 ** self.chain.random.uniform(16, 19)))
            what[2] = who

    def sale(self, number, collection, item, seller, buyer, price):
        self.chain.transaction(number, buyer, self.market, price, call="0xfb0f3ee1",
                               logs=[item_transfer(collection, seller, buyer, item)])

    def airdrop(self, number, who):
        """Sorted by address, so that neighbours look alike."""
        token = self.chain.address()
        takers = sorted(self.chain.address() for _ in range(60))
        self.chain.transaction(number, who, token, call="0x" + "12" * 40,
                               logs=[transfer(token, who, t, 10**18) for t in takers])

    def zero_value(self, number, who):
        token, to = self.chain.random.choice((USDC, USDT)), self.chain.random.choice(self.friends[who])
        self.chain.transaction(number, who, token, call="0xa9059cbb", logs=[transfer(token, who, to, 0)])

    def payout(self, number, who):
        takers = self.chain.random.sample(self.wallets, 20)
        self.chain.transaction(number, who, self.chain.address(), call="0x" + "34" * 40,
                               logs=[transfer(USDC, who, t, 5_000_000) for t in takers])
