"""What people do on a chain, said to a real Ethereum node: contracts deployed and called, as anybody."""
import functools
import json

from support import TOOLS, compiled, need_quietly

ETHER = 10**18
# Method ids of Uniswap V2's router and of EIP-20; those of our own contracts come from the compiler.
ADD_LIQUIDITY_ETH, BUY_WITH_ETH, APPROVE, TRANSFER = "f305d719", "7ff36ab5", "095ea7b3", "a9059cbb"
FOREVER = 2**63


@functools.cache
def contracts():
    """Bytecode and methods by name: market.sol, and Uniswap V2 and WETH as their packages have them."""
    out = dict(compiled("market.sol"))
    for package, name in (("v2-core", "UniswapV2Factory"), ("v2-periphery", "UniswapV2Router02"), ("v2-periphery", "WETH9")):
        built = json.loads((TOOLS / "@uniswap" / package / "build" / f"{name}.json").read_text())
        code = built["bytecode"] if isinstance(built["bytecode"], str) else built["bytecode"]["object"]
        out[name] = {"bytecode": "0x" + code.removeprefix("0x"), "methods": {}}
    return out


def words(*items):
    """ABI words: numbers, and addresses as hex."""
    return "".join(f"{int(x, 16) if isinstance(x, str) else x:064x}" for x in items)


class Chain:
    """An Anvil that mines when told to; transactions wait until then."""

    def __init__(self, anvil):
        self.anvil = anvil
        self.rpc = anvil.rpc
        self.known = set()

    def anybody(self, who, ether=0):
        """Lets the node sign for this account, with that much money of its own."""
        if who not in self.known:
            self.rpc("anvil_impersonateAccount", who)
            self.known.add(who)
        if ether:
            self.rpc("anvil_setBalance", who, hex(ether * ETHER))
        return who

    def send(self, who, to=None, data="", value=0, gas=3_000_000):
        """The hash of a transaction that waits."""
        self.anybody(who)
        nonce = int(self.rpc("eth_getTransactionCount", who, "pending"), 16)
        return self.rpc("eth_sendTransaction", {"from": who, "nonce": hex(nonce), "value": hex(value), "gas": hex(gas),
                                                **({"to": to} if to else {}), **({"data": "0x" + data} if data else {})})

    def call(self, who, to, method, *arguments, value=0, **more):
        """By the name of a method of market.sol, or by its id."""
        selector = next((ids[method] for c in contracts().values() if method in (ids := c["methods"])), method)
        return self.send(who, to, selector + words(*arguments), value, **more)

    def mine(self, blocks=1):
        for _ in range(blocks):
            self.rpc("evm_mine")

    def receipt(self, transaction):
        found = self.rpc("eth_getTransactionReceipt", transaction)
        need_quietly(found and found["status"] == "0x1", f"{transaction} succeeds: {found}")
        return found

    def deploy(self, who, name, *arguments, tail=""):
        """The address of a contract, in a block of its own. `tail` is what follows the arguments' words."""
        made = self.send(who, None, contracts()[name]["bytecode"][2:] + words(*arguments) + tail, gas=8_000_000)
        self.mine()
        return self.receipt(made)["contractAddress"]

    def read(self, to, method, *arguments):
        selector = next((ids[method] for c in contracts().values() if method in (ids := c["methods"])), method)
        return self.rpc("eth_call", {"to": to, "data": "0x" + selector + words(*arguments)}, "latest")

    def head(self):
        return self.rpc("eth_getBlockByNumber", "latest", False)


class Exchange:
    """Uniswap V2 as it stands on mainnet: router, and factory and WETH at their own addresses."""

    def __init__(self, chain, who):
        self.chain = chain
        self.weth = "0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"
        self.factory = "0x5c69bee701ef814a2b6a3edd4b1652cb9cc5aa6f"
        for at, made in ((self.weth, chain.deploy(who, "WETH9")), (self.factory, chain.deploy(who, "UniswapV2Factory", who))):
            chain.rpc("anvil_setCode", at, chain.rpc("eth_getCode", made, "latest"))
        self.router = chain.deploy(who, "UniswapV2Router02", self.factory, self.weth)

    def add_liquidity(self, who, token, tokens, ether):
        """Two transactions that wait: an allowance, and tokens and ether for the pool."""
        self.chain.call(who, token, APPROVE, self.router, tokens)
        return self.chain.call(who, self.router, ADD_LIQUIDITY_ETH, token, tokens, 0, 0, who, FOREVER, value=ether,
                               gas=6_000_000)

    def buy(self, who, token, ether, receiver=None):
        return self.chain.call(who, self.router, BUY_WITH_ETH, 0, 0x80, receiver or who, FOREVER, 2, self.weth, token,
                               value=ether)

    def pair(self, token):
        """getPair(address,address)"""
        return "0x" + self.chain.read(self.factory, "e6a43905", token, self.weth)[-40:]
