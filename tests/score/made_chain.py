"""A made-up chain as a recording: whole blocks with receipts, chain id 1, so that the built-in labels hold.

Everything follows from the seed. Standard library only.
"""
import datetime
import hashlib
import json
import random

TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"
APPROVAL = "0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"
APPROVAL_FOR_ALL = "0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31"
SWAP_V2 = "0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"
SWAP_V3 = "0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"
SWAP_V4 = "0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f"
SYNC = "0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"
MINT_V2 = "0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"
PAIR_CREATED = "0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9"
UPGRADED = "0xbc7cd75a20ee27fd9adebab32041f755214dbc6bffa90cc0225b39da2e5c2d3b"
OWNERSHIP_TRANSFERRED = "0x8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e0"
TRANSFER_SINGLE = "0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"
FLASH_LOAN_BALANCER = "0x0d7d75e01ab95780d3cd1c8ec0dd6c2ce19e3a20427eec8bf53283b6fb8e95f0"

# Of the built-in registry (runtime/registry/labels.csv).
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"
USDT = "0xdac17f958d2ee523a2206206994597c13d831ec7"
WETH = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
ROUTER_V2 = "0x7a250d5630b4cf539739df2c5dacb4c659f2488d"
FACTORY_V2 = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"
POOL_MANAGER = "0x000000000004444c5dc75cb358380d2e3de08a90"
EXCHANGE = "0x28c6c06298d514db089934071355e5743bf21d60"

ZERO = "0x" + "00" * 20
ETHER = 10**18
GWEI = 10**9
BLOCK_SECONDS = 12


def word(x):
    """A 32-byte ABI word, without 0x: of a number (negative ones in two's complement) or of an address."""
    if isinstance(x, str):
        return x[2:].lower().rjust(64, "0")
    return f"{x % 2**256:064x}"


def data(*words):
    return "0x" + "".join(word(x) for x in words)


def log(emitter, topics, *words):
    """Topics after the first as words."""
    return {"address": emitter, "topics": [topics[0], *("0x" + word(t) for t in topics[1:])], "data": data(*words)}


def transfer(token, giver, taker, amount):
    return log(token, [TRANSFER, giver, taker], amount)


def item_transfer(token, giver, taker, item):
    return log(token, [TRANSFER, giver, taker, item])


class MadeChain:
    def __init__(self, seed, first_block=20_000_000, begins=1_700_000_000):
        self.random = random.Random(seed)
        self.seed = seed
        self.first_block = first_block
        self.begins = begins
        self.blocks = {}
        self.times = {}
        self.made = 0
        self.nonces = {}
        self.used_nonce = {}
        self.waiting = {}

    def hash(self, what):
        return "0x" + hashlib.sha256(f"{self.seed}/{what}".encode()).hexdigest()

    def address(self):
        return "0x" + bytes(self.random.randrange(256) for _ in range(20)).hex()

    def transaction(self, number, sender, to, value=0, logs=(), call="0x", status=1, creates=None, nonce=None,
                    tight=False, seen=False, price=GWEI):
        """Its hash. In a block the order is that of the calls, but what is `tight` stays with the one before it. What is
        `seen` waits in the mempool before the block, in the order of the calls."""
        self.made += 1
        body = {"hash": self.hash(f"transaction {self.made}"), "from": sender, "to": to, "value": value,
                "logs": list(logs), "input": call, "status": status, "creates": creates, "price": price}
        body["nonce"] = self.used_nonce.get(sender, self.random.randrange(3)) if nonce is None else nonce
        self.used_nonce[sender] = body["nonce"] + 1
        if seen:
            self.waiting.setdefault(number, []).append(body)
        block = self.blocks.setdefault(number, [])
        if tight and block:
            block[-1].append(body)
        else:
            block.append([body])
        return body["hash"]

    def mix(self):
        """Strews what was planted among the ordinary traffic: groups change places, their members do not."""
        for groups in self.blocks.values():
            self.random.shuffle(groups)

    def time_of(self, number):
        return self.times.get(number, self.begins + BLOCK_SECONDS * (number - self.first_block))

    def write(self, path):
        last = max(self.blocks)
        with open(path, "w") as out:
            for number in range(self.first_block, last + 1):
                for body in self.waiting.get(number, ()):
                    self.write_waiting(out, number, body)
                self.write_block(out, number)

    @staticmethod
    def signed(body):
        """What a sender signs."""
        return {"hash": body["hash"], "from": body["from"], "to": body["to"], "value": hex(body["value"]), "gas": "0x7a120",
                "gasPrice": hex(body["price"]), "nonce": hex(body["nonce"]), "input": body["input"], "type": "0x0"}

    def write_waiting(self, out, number, body):
        at = datetime.datetime.fromtimestamp(self.time_of(number - 1) + 5, datetime.timezone.utc)
        out.write(json.dumps({"chain_id": 1, "method": "eth_subscription", "params": ["newPendingTransactions"],
                              "result": {**self.signed(body), "blockHash": None, "blockNumber": None, "transactionIndex": None},
                              "received_at": at.strftime("%Y-%m-%dT%H:%M:%S.000Z")}) + "\n")

    def write_block(self, out, number):
        common = {"blockHash": self.hash(f"block {number}"), "blockNumber": hex(number)}
        transactions, receipts, logged = [], [], 0
        for index, body in enumerate(t for group in self.blocks.get(number, ()) for t in group):
            at = {**common, "transactionIndex": hex(index)}
            transactions.append({**at, **self.signed(body)})
            logs = []
            for entry in body["logs"] if body["status"] else ():
                logs.append({**at, **entry, "transactionHash": body["hash"], "logIndex": hex(logged), "removed": False})
                logged += 1
            receipts.append({**at, "transactionHash": body["hash"], "from": body["from"], "to": body["to"],
                             "status": hex(body["status"]), "gasUsed": "0x11170", "effectiveGasPrice": hex(body["price"]),
                             "contractAddress": body["creates"], "logs": logs, "type": "0x0"})
        block = {"number": hex(number), "hash": common["blockHash"], "parentHash": self.hash(f"block {number - 1}"),
                 "timestamp": hex(self.time_of(number)), "gasUsed": "0x5208", "gasLimit": "0x1c9c380",
                 "miner": "0x" + "11" * 20, "transactions": transactions}
        for method, params, result in (("eth_getBlockByNumber", [hex(number), True], block),
                                       ("eth_getBlockReceipts", [common["blockHash"]], receipts)):
            out.write(json.dumps({"chain_id": 1, "method": method, "params": params, "result": result}) + "\n")
