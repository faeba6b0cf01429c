"""The chain goes on by the clock: heads, logs and pending transactions to whoever subscribed, and the faults among them."""
import asyncio
import json
import time

from chain import CANONICAL
from node import Node, fits
from plan import HEADS, KINDS
from wire import Listener, notification

FIRST_OF_BRANCH = {"reorg": "reorg", "forged_block": "forged", "shared": "lost"}
NO_ID = '{"jsonrpc":"2.0","error":{"code":-32000,"message":"something went wrong"}}'
JUNK = "<html><body>502 Bad Gateway</body></html>"


class Server:
    def __init__(self, chain, plan, port, truth=None):
        self.chain, self.plan, self.truth = chain, plan, truth
        self.node = Node(chain, plan)
        self.listener = Listener(port, self.node.on_text)
        self.stalled_until = 0.0
        self.held = []  # numbers of heads that are sent after the next one
        self.tasks = set()

    async def open(self):
        """At the head that the clock wants, without a word of the blocks before."""
        self.node.head = self._head_now()
        for number in range(self.node.head + 1):
            self._write_truth(number)
        await self.listener.open()

    def _head_now(self):
        passed = time.time() - self.chain.first_time
        return max(self.plan.chain["history"], int(passed / self.chain.block_time))

    async def run(self):
        while True:
            number = self.node.head + 1
            wait = self.chain.first_time + number * self.chain.block_time - time.time()
            await asyncio.sleep(max(wait, 0))  # who is late by the clock answers all the same
            await self._next_block(number)

    def _write_truth(self, number):
        if not self.truth:
            return
        block = self.chain.block(number)
        keys = ("logIndex", "address", "topics", "data", "transactionHash")
        self.truth.write(json.dumps({
            "number": number, "hash": block.hash, "parent": block.header["parentHash"],
            "transactions": [{key: t[key] for key in ("hash", "from", "value")} for t in block.transactions],
            "logs": [{key: log[key] for key in keys} for log in block.logs()]}) + "\n")
        self.truth.flush()

    # --- one block

    async def _next_block(self, number):
        self._write_truth(number)
        returning = self._leave_branch()
        every, depth = self.plan.chain["reorg_every"], self.plan.chain["reorg_depth"]
        if every and number % every == 0:
            # Of the chain itself: every provider of it is on the branch that loses at the next head.
            self.node.head = number
            self._announce(self._take_branch("shared", number, depth), returning)
            return self._tell_pending(number + 1)
        due = {name: fault for name, kind in KINDS.items()
               if kind.over == HEADS and (fault := self.plan.comes(name)) is not None}
        self.node.head = number
        self._before(due)
        heads = [*returning, self.chain.block(number)]
        if "forged_block" in due:
            heads = [*returning, *self._take_branch("forged_block", number, 1)]
        self._announce_with(due, heads)
        if "reorg" in due and "forged_block" not in due:
            self._announce(self._take_branch("reorg", number, due["reorg"].options["depth"]))
        self._tell_pending(number + 1)
        self._after(due)

    def _take_branch(self, fault, head, depth):
        """From now on the last `depth` blocks are those of a branch; which are to be announced."""
        depth = min(depth, head)
        branch = f"{FIRST_OF_BRANCH[fault]}:{head - depth + 1}"
        for number in range(head - depth + 1, head + 1):
            self._tell_logs(self.node.at(number), removed=True)
            self.node.standing[number] = branch
        if fault == "forged_block":
            self.node.plant(fault, self.node.at(head), "all", in_answer=False)
        return [self.node.at(n) for n in sorted(self.node.standing)]

    def _leave_branch(self):
        """The canonical blocks that stand again."""
        numbers = sorted(self.node.standing)
        for number in reversed(numbers):
            self._tell_logs(self.node.at(number), removed=True)
        self.node.standing.clear()
        return [self.chain.block(n, CANONICAL) for n in numbers]

    # --- saying it

    def _tell(self, what, result_for):
        if time.monotonic() < self.stalled_until:
            return
        for connection in self.listener.websockets():
            for subscription, (subject, more) in connection.subscriptions.items():
                result = result_for(more) if subject == what else None
                if result is not None:
                    connection.send(notification(subscription, result))

    def _tell_head(self, block):
        self._tell("newHeads", lambda _: block.header)

    def _tell_logs(self, block, removed=False, logs=None):
        for log in logs if logs is not None else block.logs():
            said = {**log, "removed": True} if removed else log
            self._tell("logs", lambda wanted, said=said: said if fits(said, wanted or {}) else None)

    def _announce(self, blocks, before=()):
        for block in (*before, *blocks):
            self._tell_head(block)
            self._tell_logs(block)

    def _announce_with(self, due, blocks):
        held, self.held = self.held, []
        for block in blocks:
            if block is blocks[-1] and "drop" in due:
                continue
            if block is blocks[-1] and "reorder" in due:
                self.held.append(block)
                continue
            for _ in range(2 if "duplicate" in due else 1):
                self._tell_head(block)
                if "removed_true" in due:
                    logs = [*block.logs(), *({**log, "removed": True} for log in block.logs())]
                    self.node.draw.shuffle(logs)
                    self._tell_logs(block, logs=logs)
                else:
                    self._tell_logs(block)
        self._announce(held)

    def _tell_pending(self, number):
        waiting = self.chain.pending(number)
        self.node.add_pending(waiting)
        for t in waiting:
            hash_only = self.plan.comes("hash_only_mempool") is not None
            self._tell("newPendingTransactions",
                       lambda whole, t=t, hash_only=hash_only: t if whole is True and not hash_only else t["hash"])

    # --- faults of the connection

    def _before(self, due):
        if "stall" in due:
            self.stalled_until = time.monotonic() + due["stall"].options["seconds"]
        frames = []
        if "junk_frame" in due:
            frames.append(JUNK)
        if "error_without_id" in due:
            frames.append(NO_ID)
        if "big_frame" in due:
            frames.append(notification("0xb16", "x" * (due["big_frame"].options["megabytes"] * 1_000_000)))
        if "future_block" in due:
            future = {**self.chain.block(self.node.head).header, "hash": "0x" + self.node.draw.randbytes(32).hex(),
                      "parentHash": "0x" + self.node.draw.randbytes(32).hex(),
                      "number": hex(self.node.head + due["future_block"].options["blocks"])}
            self._tell("newHeads", lambda _: future)
        for text in frames:
            for connection in self.listener.websockets():
                connection.send(text)

    def _after(self, due):
        if "half_open" in due:
            for connection in self.listener.connections:
                connection.dead = True
            self.listener.accepts_dead = True
            self._later(due["half_open"].options["seconds"], self._accept_again)
        if "cut" in due:
            self.listener.cut()
        if "restart" in due and self.listener.server.is_serving():
            self.listener.close()
            self._later(due["restart"].options["seconds"], self.listener.open)

    async def _accept_again(self):
        self.listener.accepts_dead = False

    def _later(self, seconds, what):
        async def wait():
            await asyncio.sleep(seconds)
            await what()
        task = asyncio.ensure_future(wait())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
