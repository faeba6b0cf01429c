"""What bridges say on two chains, as logs and as lines of a recording. Standard library only."""
import hashlib
import json

# Of runtime/registry/labels.csv, by chain.
SPOKE_POOL = {1: "0x5c7bcd6e7de5423a257d81b442095a1a6ced35c5", 10: "0x6f26bf09b1c792e3228e5467807a900a503c0281"}
STANDARD_BRIDGE = {1: "0x99c9fc46f92e8a1c0dec1b1747d010903e884be1", 10: "0x4200000000000000000000000000000000000010"}
MESSENGER, TRANSMITTER = "0xbd3fa81b58ba92a82136038b25adec7066af3155", "0x4d41f22c5a0e5c74090899e5a8fb597a8842b3e8"
USDC = "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48"

FUNDS_DEPOSITED = "0x32ed1a409ef04c7b0227189c3a103dc5ac10e775a15b785dcc510201f7c25ad3"
FILLED_RELAY = "0x44b559f101f8fbcc8a0ea43fa91a05a729a5ea6e14a7c75aa750374690137208"
DEPOSIT_FOR_BURN = "0x2fa9ca894982930190727e75500a97d8dc500233a5065e0f3126c48fbe0343c0"
MESSAGE_RECEIVED = "0x58200b4c34ae05ee816d710053fff3fb75af4395915d3d2a771b24aa10e3cc5d"
ETH_INITIATED = "0x2849b43074093a05396b6f2a937dee8565b15a48a7b3d4bffb732a5017380af5"
ETH_FINALIZED = "0x31b2166ff604fc5672ea5df08a78081d2bc6d746cadce880747f3643d819e83d"


def word(x):
    return x[2:].lower().rjust(64, "0") if isinstance(x, str) else f"{x:064x}"


def log(emitter, topic, topics, *words):
    return {"address": emitter, "topics": [topic, *("0x" + word(t) for t in topics)],
            "data": "0x" + "".join(word(w) for w in words)}


def across_deposit(number, sender, recipient, amount, origin=1, destination=10):
    return log(SPOKE_POOL[origin], FUNDS_DEPOSITED, [destination, number, sender],
               USDC, USDC, amount, amount - 5, 0, 0, 0, recipient, 0, 320, 0)


def across_fill(number, sender, recipient, amount, origin=1, destination=10):
    return log(SPOKE_POOL[destination], FILLED_RELAY, [origin, number, "0x" + "4e" * 20],
               USDC, USDC, amount, amount - 5, 1, 0, 0, 0, sender, recipient, 0, recipient, 0, amount - 5, 0)


def cctp_burn(nonce, sender, recipient, amount):
    return log(MESSENGER, DEPOSIT_FOR_BURN, [nonce, USDC, sender], amount, recipient, 2, 1, 0)


def cctp_mint(nonce, sender, recipient, amount):
    body = "00000000" + "".join(word(x) for x in (USDC, recipient, amount, sender))
    out = log(TRANSMITTER, MESSAGE_RECEIVED, ["0x" + "ca" * 20, nonce], 0, sender, 96, len(body) // 2)
    out["data"] += body.ljust(-(-len(body) // 64) * 64, "0")
    return out


def ether_sent(sender, recipient, amount):
    return log(STANDARD_BRIDGE[1], ETH_INITIATED, [sender, recipient], amount, 64, 0)


def ether_came(sender, recipient, amount):
    return log(STANDARD_BRIDGE[10], ETH_FINALIZED, [sender, recipient], amount, 64, 0)


class RecordedChain:
    """Blocks of one chain, a block per `seconds`, with what is put into them."""

    def __init__(self, chain, seconds, begins=1_700_000_000):
        self.chain, self.seconds, self.begins = chain, seconds, begins
        self.lines = []  # (time, text)
        self.last = None
        self.number = 0

    def hash(self, what):
        return "0x" + hashlib.sha256(f"{self.chain}/{what}".encode()).hexdigest()

    def block(self, *said, fork=""):
        """`said`: (signer, logs). The next block; with a `fork` another one in the place of the last."""
        if not fork:
            self.number += 1
            self.parent = self.last or self.hash("begin")
        self.last = self.hash(f"block {self.number}{fork}")
        at = self.begins + self.number * self.seconds
        where = {"blockHash": self.last, "blockNumber": hex(self.number)}
        transactions, receipts, logged = [], [], 0
        for index, (signer, logs) in enumerate(said):
            place = {**where, "transactionIndex": hex(index)}
            name = self.hash(f"transaction {self.number}/{index}{fork}")
            transactions.append({**place, "hash": name, "from": signer, "to": logs[0]["address"], "value": "0x0",
                                 "gas": "0x7a120", "gasPrice": "0x1", "nonce": hex(self.number), "input": "0x", "type": "0x0"})
            full = []
            for entry in logs:
                full.append({**place, **entry, "transactionHash": name, "logIndex": hex(logged), "removed": False})
                logged += 1
            receipts.append({**place, "transactionHash": name, "status": "0x1", "gasUsed": "0x11170",
                             "effectiveGasPrice": "0x1", "contractAddress": None, "logs": full, "type": "0x0"})
        block = {"number": hex(self.number), "hash": self.last, "parentHash": self.parent, "timestamp": hex(at),
                 "gasUsed": "0x5208", "gasLimit": "0x1c9c380", "miner": "0x" + "11" * 20, "transactions": transactions}
        self.say(at, "eth_getBlockByNumber", [hex(self.number), True], block)
        self.say(at, "eth_getBlockReceipts", [self.last], receipts)
        return self

    def say(self, at, method, params, result):
        self.lines.append((at, json.dumps({"chain_id": self.chain, "method": method, "params": params, "result": result})))

    def blocks(self, count):
        for _ in range(count):
            self.block()
        return self
