"""The fault plan: which faults, how often, and for how long. Read from TOML; what is wrong is named with its line."""
import dataclasses
import re
import tomllib

HEADS, CALLS, PENDING = "heads", "calls", "pending transactions"
BLOCK_CALLS = ("eth_getBlockByNumber", "eth_getBlockByHash")
RANGE_CALLS = ("eth_getLogs",)  # of several blocks
HEAD_CALLS = ("eth_getBlockByNumber", "eth_blockNumber")


@dataclasses.dataclass(frozen=True)
class Kind:
    """What a fault is counted over: heads of the chain, or calls (of `methods` only, where there are any)."""
    sentence: str
    over: str = HEADS
    methods: tuple = ()
    options: dict = dataclasses.field(default_factory=dict)  # name -> default


KINDS = {
    "cut": Kind("every connection is reset"),
    "half_open": Kind("connections stay, and nothing is read or said", options={"seconds": 6.0}),
    "stall": Kind("subscriptions say nothing, calls are answered", options={"seconds": 6.0}),
    "duplicate": Kind("the head and its logs are sent twice"),
    "reorder": Kind("the head is sent after the next one"),
    "drop": Kind("neither the head nor its logs are sent"),
    "removed_true": Kind("the block's logs come as removed, too, in any order, though the block stands"),
    "reorg": Kind("the last blocks lose to a branch, and win again at the next head", options={"depth": 2}),
    "wrong_hash": Kind("a block's hash is not that of its header: by turns another hash, another header", CALLS, BLOCK_CALLS),
    "wrong_from": Kind("a transaction of a block has another sender", CALLS, BLOCK_CALLS),
    "missing_log": Kind("a block's receipts lack a log", CALLS, ("eth_getBlockReceipts",)),
    "wrong_bloom": Kind("a receipt has another bloom", CALLS, ("eth_getBlockReceipts",)),
    "no_receipts": Kind("the method is not there, so that logs are asked for", CALLS, ("eth_getBlockReceipts",)),
    "log_limit": Kind("a range of more blocks is refused, in words that providers use by turns", CALLS, RANGE_CALLS,
                      {"blocks": 10}),
    "foreign_log": Kind("a log of a range is of another block", CALLS, RANGE_CALLS),
    "forged_block": Kind("a block right in itself stands where another one is, until the next head"),
    "wrong_chain_id": Kind("another chain id", CALLS, ("eth_chainId",)),
    "stale_head": Kind("\"latest\" is an old block", CALLS, HEAD_CALLS, {"blocks": 50}),
    "future_block": Kind("a head is announced that nobody has", options={"blocks": 1000}),
    "hash_only_mempool": Kind("a pending transaction comes as its hash, whatever was asked for", PENDING),
    "junk_frame": Kind("a message that is no JSON"),
    "big_frame": Kind("a message that is too long for most", options={"megabytes": 20}),
    "error_without_id": Kind("an error that answers nothing"),
    "rate_limit": Kind("refused as too many: HTTP 429, error -32005", CALLS, options={"seconds": 0.0}),
    "slow_answer": Kind("the answer comes late", CALLS, options={"seconds": 2.0}),
    "restart": Kind("the port is closed, subscriptions are forgotten", options={"seconds": 3.0}),
}
WHEN = ("every", "first", "at", "times")
CHAIN = {"chain_id": 1, "block_time": 1.0, "history": 16, "epoch": 0, "reorg_every": 0, "reorg_depth": 2}


class BadPlan(Exception):
    pass


@dataclasses.dataclass
class Fault:
    name: str
    every: int = 0
    first: int = 0
    at: tuple = ()
    times: int = 0  # 0: without end
    options: dict = dataclasses.field(default_factory=dict)
    seen: int = 0  # occasions
    made: int = 0

    def comes(self):
        """Counts an occasion; whether the fault is to be made at it."""
        self.seen += 1
        past = self.seen - self.first
        due = past >= 0 and past % self.every == 0 if self.every else self.seen in self.at
        if not due or self.times and self.made >= self.times:
            return False
        self.made += 1
        return True


class Plan:
    def __init__(self, chain, faults):
        self.chain, self.faults = chain, faults

    def comes(self, name, method=None):
        """The fault if it is to be made now; only kinds that apply to this method are counted."""
        fault = self.faults.get(name)
        methods = KINDS[name].methods
        if fault is None or methods and method not in methods:
            return None
        return fault if fault.comes() else None


def _line_of(text, table, key=None):
    """Line of a table's heading, or of a key in it, counted from 1."""
    heading = None
    for number, line in enumerate(text.splitlines(), 1):
        found = re.match(r"\s*\[\s*([\w.]+)\s*\]", line)
        if found:
            heading = found.group(1)
            if heading == table and key is None:
                return number
        elif heading == table and key and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return number
    return 1


class _Reader:
    def __init__(self, path, text):
        self.path, self.text = path, text

    def fail(self, table, key, why):
        what = f"{table}.{key}" if key else table
        raise BadPlan(f"{self.path}:{_line_of(self.text, table, key)}: {what}: {why}")

    def number(self, table, key, value, kind, least):
        wanted = (int,) if kind is int else (int, float)
        if isinstance(value, bool) or not isinstance(value, wanted) or value < least:
            self.fail(table, key, f"want a {'whole ' if kind is int else ''}number of at least {least}, not {value!r}")
        return kind(value)

    def chain(self, given):
        out = dict(CHAIN)
        for key, value in given.items():
            if key not in CHAIN:
                self.fail("chain", key, f"unknown; there are {', '.join(CHAIN)}")
            least = 0.05 if key == "block_time" else 1 if key in ("chain_id", "history", "reorg_depth") else 0
            out[key] = self.number("chain", key, value, type(CHAIN[key]), least)
        if out["reorg_every"] and out["reorg_every"] <= out["reorg_depth"]:
            self.fail("chain", "reorg_every", "must be more than reorg_depth")
        return out

    def fault(self, name, given):
        table = f"faults.{name}"
        if name not in KINDS:
            self.fail(table, None, f"unknown fault; there are {', '.join(KINDS)}")
        if not isinstance(given, dict):
            self.fail("faults", name, "want a table")
        out = Fault(name, options=dict(KINDS[name].options))
        for key, value in given.items():
            if key == "at":
                if not isinstance(value, list) or not value:
                    self.fail(table, key, "want a list of whole numbers")
                out.at = tuple(self.number(table, key, v, int, 1) for v in value)
            elif key in WHEN:
                setattr(out, key, self.number(table, key, value, int, 1))
            elif key in out.options:
                out.options[key] = self.number(table, key, value, type(out.options[key]), 1 if key == "depth" else 0)
            else:
                self.fail(table, key, f"unknown; there are {', '.join((*WHEN, *out.options))}")
        if bool(out.every) == bool(out.at):
            self.fail(table, None, "want either `every` or `at`")
        if out.first and not out.every:
            self.fail(table, "first", "goes with `every` only")
        out.first = out.first or out.every
        return out


def parse(path, text):
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        line = re.search(r"line (\d+)", str(e))
        raise BadPlan(f"{path}:{line.group(1) if line else len(text.splitlines())}: {e}") from None
    read = _Reader(path, text)
    for key, value in given.items():
        if key not in ("chain", "faults"):
            read.fail(key, None, "unknown; there are chain, faults")
        if not isinstance(value, dict):
            read.fail(key, None, "want a table")
    return Plan(read.chain(given.get("chain", {})),
                {name: read.fault(name, value) for name, value in given.get("faults", {}).items()})


def listed():
    """--list-faults."""
    lines = []
    for name, kind in KINDS.items():
        over = kind.over if not kind.methods else "calls of " + ", ".join(kind.methods)
        options = "".join(f", {key} = {value}" for key, value in kind.options.items())
        lines.append(f"{name:18} {kind.sentence} (over {over}{options})")
    return "\n".join(lines)
