"""The chain that is served: of one seed always the same, each block right under every check that Ethereum's rules allow."""
import collections
import dataclasses
import hashlib
import random

from encoding import bloom_of, keccak, ordered_root, rlp
from signing import accounts

TRANSACTIONS_OF = (3, 5, 0, 4, 2, 6, 1, 3)  # of block n: the (n mod 8)th; one of eight is empty
ACCOUNTS = 6
TRANSFER = keccak(b"Transfer(address,address,uint256)")  # EIP-20
GAS_LIMIT = 30_000_000
BASE_FEE = 7_000_000_000
TIP = 1_000_000_000
KEPT = 512  # blocks whose content is at hand; others are made again
SIGNED_KEPT = 16
NO_REQUESTS = hashlib.sha256().digest()  # EIP-7685 of none
CANONICAL = ""


def quantity(number):
    return hex(number)


def data(value):
    return "0x" + value.hex()


@dataclasses.dataclass
class Block:
    """`header` and `transactions` as JSON has them, and receipts with their logs."""
    number: int
    branch: str
    hash: str
    header: dict
    transactions: list
    receipts: list
    withdrawals: list

    def as_json(self, full):
        listed = self.transactions if full else [t["hash"] for t in self.transactions]
        return {**self.header, "transactions": listed, "withdrawals": self.withdrawals, "uncles": [], "size": "0x0"}

    def logs(self):
        return [log for receipt in self.receipts for log in receipt["logs"]]


class Chain:
    """A branch is named `kind:first`: from its `first` block on it differs from the canonical chain, whose name is empty."""

    def __init__(self, seed, chain_id, first_time, block_time):
        self.seed, self.chain_id, self.first_time, self.block_time = seed, chain_id, first_time, block_time
        self.accounts = accounts(seed, ACCOUNTS)
        draw = random.Random(f"{seed}/tokens")
        self.tokens = [draw.randbytes(20) for _ in range(3)]
        self.hashes = {CANONICAL: []}  # branch -> hash of each block from its first on
        self.by_hash = {}  # hash -> (number, branch), of all that were ever made
        self.kept = collections.OrderedDict()
        self.signed = collections.OrderedDict()  # those that wait are mined next

    def block(self, number, branch=CANONICAL):
        found = self.kept.get((number, branch))
        if found is None:
            found = self._make(number, branch)
            self.kept[number, branch] = found
            while len(self.kept) > KEPT:
                self.kept.popitem(last=False)
        return found

    def named(self, block_hash):
        place = self.by_hash.get(block_hash)
        return self.block(*place) if place else None

    @staticmethod
    def first_of(branch):
        return int(branch.rpartition(":")[2]) if branch else 0

    def _hash_at(self, number, branch):
        first = self.first_of(branch)
        if number < first:
            return self._hash_at(number, CANONICAL)
        known = self.hashes.setdefault(branch, [])
        while len(known) <= number - first:
            self.block(first + len(known), branch)
        return known[number - first]

    # --- transactions

    def _plain(self, number, branch):
        """What the block's transactions say, signed; the same for a pending one and a mined one."""
        if (number, branch) not in self.signed:
            self.signed[number, branch] = self._sign(number, branch)
            while len(self.signed) > SIGNED_KEPT:
                self.signed.popitem(last=False)
        return self.signed[number, branch]

    def _sign(self, number, branch):
        draw = random.Random(f"{self.seed}/{branch}/{number}")
        before = number // 8 * sum(TRANSACTIONS_OF) + sum(TRANSACTIONS_OF[:number % 8])
        return [self._transaction(draw, before + i, large=branch.startswith("forged") and i == 0)
                for i in range(max(TRANSACTIONS_OF[number % 8], 1 if branch.startswith("forged") else 0))] if number else []

    def _transaction(self, draw, count, large):
        account, nonce = self.accounts[count % ACCOUNTS], count // ACCOUNTS
        kind = draw.choice((0, 1, 2, 2))
        creates = not large and draw.random() < 0.05
        to = b"" if creates else draw.choice((draw.choice(self.tokens), draw.randbytes(20)))
        value = 250_000 * 10**18 if large else draw.randrange(10**18) if draw.random() < 0.5 else 0
        payload = draw.randbytes(draw.choice((0, 4, 68, 100)))
        price, cap = BASE_FEE + TIP, 2 * BASE_FEE
        body = [nonce, price, 300_000, to, value, payload]
        said = {"nonce": quantity(nonce), "gas": quantity(300_000), "to": data(to) if to else None, "value": quantity(value),
                "input": data(payload), "type": quantity(kind), "chainId": quantity(self.chain_id),
                "from": data(account.address), "gasPrice": quantity(price)}
        if kind == 0:  # EIP-155
            parity, r, s = account.sign(keccak(rlp([*body, self.chain_id, 0, 0])))
            v = 35 + 2 * self.chain_id + parity
            encoded = rlp([*body, v, r, s])
        else:
            accessed = [[draw.choice(self.tokens), [draw.randbytes(32)]]] if draw.random() < 0.3 else []
            fees = [price] if kind == 1 else [TIP, cap]
            body = [self.chain_id, nonce, *fees, 300_000, to, value, payload, accessed]
            parity, r, s = account.sign(keccak(bytes([kind]) + rlp(body)))
            v = parity
            encoded = bytes([kind]) + rlp([*body, parity, r, s])
            said |= {"yParity": quantity(parity), "accessList": [{"address": data(a), "storageKeys": list(map(data, keys))}
                                                                for a, keys in accessed]}
            if kind == 2:
                said |= {"maxPriorityFeePerGas": quantity(TIP), "maxFeePerGas": quantity(cap)}
        said |= {"v": quantity(v), "r": quantity(r), "s": quantity(s), "hash": data(keccak(encoded))}
        return said, encoded

    def pending(self, number):
        """The transactions of a canonical block before it is there."""
        nowhere = {"blockHash": None, "blockNumber": None, "transactionIndex": None}
        return [{**said, **nowhere, **({"gasPrice": said["maxFeePerGas"]} if said["type"] == "0x2" else {})}
                for said, _ in self._plain(number, CANONICAL)]

    # --- logs and receipts

    def _logs(self, draw, created):
        if created or draw.random() < 0.2:
            return []
        out = []
        for _ in range(draw.randrange(1, 4)):
            if draw.random() < 0.7:
                topics = [TRANSFER, *(draw.choice(self.accounts).address.rjust(32, b"\0") for _ in range(2))]
                out.append((draw.choice(self.tokens), topics, draw.randrange(10**20).to_bytes(32, "big")))
            else:
                topics = [draw.randbytes(32) for _ in range(draw.randrange(0, 4))]
                out.append((draw.choice(self.tokens), topics, draw.randbytes(draw.choice((0, 32, 75)))))
        return out

    def _receipt(self, said, logs, index, gas, total):
        """(as JSON, as the trie has it)."""
        kind, sender = int(said["type"], 16), bytes.fromhex(said["from"][2:])
        failed = not logs and index % 5 == 4
        bloom = bloom_of(item for address, topics, _ in logs for item in (address, *topics))
        encoded = rlp([b"" if failed else b"\x01", total, bloom, [[a, t, d] for a, t, d in logs]])
        created = said["to"] is None and not failed
        return ({"transactionHash": said["hash"], "transactionIndex": quantity(index), "from": said["from"], "to": said["to"],
                 "type": said["type"], "status": "0x0" if failed else "0x1", "gasUsed": quantity(gas),
                 "cumulativeGasUsed": quantity(total), "effectiveGasPrice": said["gasPrice"], "logsBloom": data(bloom),
                 "contractAddress": data(keccak(rlp([sender, int(said["nonce"], 16)]))[12:]) if created else None,
                 "logs": [{"address": data(a), "topics": list(map(data, t)), "data": data(d), "removed": False,
                           "transactionHash": said["hash"], "transactionIndex": quantity(index)} for a, t, d in logs]},
                bytes([kind]) + encoded if kind else encoded)

    # --- the block

    def _make(self, number, branch):
        draw = random.Random(f"{self.seed}/{branch}/{number}/content")
        plain = self._plain(number, branch)
        receipts, encoded_receipts, items, total = [], [], [], 0
        for index, (said, _) in enumerate(plain):
            logs = self._logs(draw, said["to"] is None)
            items += [item for address, topics, _ in logs for item in (address, *topics)]
            gas = 53_000 if said["to"] is None else 21_000 + 2_000 * len(logs)
            total += gas
            receipt, encoded = self._receipt(said, logs, index, gas, total)
            receipts.append(receipt)
            encoded_receipts.append(encoded)
        withdrawals = [[number * 2 + i, draw.randrange(10**6), draw.randbytes(20), draw.randrange(1, 10**8)] for i in range(2)]
        parent = bytes.fromhex(self._hash_at(number - 1, branch)[2:]) if number else b"\0" * 32
        time = int(self.first_time + number * self.block_time)
        fields = (  # in the order of the hash: Yellow Paper §4.4, EIP-1559, 4895, 4844, 4788, 7685
            ("parentHash", parent), ("sha3Uncles", keccak(rlp([]))), ("miner", b"\x11" * 20),
            ("stateRoot", draw.randbytes(32)), ("transactionsRoot", ordered_root([e for _, e in plain])),
            ("receiptsRoot", ordered_root(encoded_receipts)), ("logsBloom", bloom_of(items)), ("difficulty", 0),
            ("number", number), ("gasLimit", GAS_LIMIT), ("gasUsed", total), ("timestamp", time),
            ("extraData", b"eremos"), ("mixHash", draw.randbytes(32)), ("nonce", b"\0" * 8), ("baseFeePerGas", BASE_FEE),
            ("withdrawalsRoot", ordered_root([rlp(w) for w in withdrawals])), ("blobGasUsed", 0), ("excessBlobGas", 0),
            ("parentBeaconBlockRoot", draw.randbytes(32)), ("requestsHash", NO_REQUESTS))
        block_hash = data(keccak(rlp([value for _, value in fields])))
        header = {"hash": block_hash, **{k: quantity(v) if isinstance(v, int) else data(v) for k, v in fields}}
        place = {"blockHash": block_hash, "blockNumber": quantity(number)}
        transactions = [{**said, **place, "transactionIndex": quantity(i)} for i, (said, _) in enumerate(plain)]
        log_index = 0
        for receipt in receipts:
            receipt |= place
            for log in receipt["logs"]:
                log |= {**place, "logIndex": quantity(log_index), "blockTimestamp": quantity(time)}
                log_index += 1
        listed = [{"index": quantity(i), "validatorIndex": quantity(v), "address": data(a), "amount": quantity(m)}
                  for i, v, a, m in withdrawals]
        self._remember(number, branch, block_hash)
        return Block(number, branch, block_hash, header, transactions, receipts, listed)

    def _remember(self, number, branch, block_hash):
        known = self.hashes.setdefault(branch, [])
        if len(known) == number - self.first_of(branch):
            known.append(block_hash)
        self.by_hash[block_hash] = (number, branch)
