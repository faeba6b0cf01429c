"""A provider of Ethereum JSON-RPC, HTTP and WebSocket on one port, that misbehaves as a plan says. Python 3.11, nothing else."""
import argparse
import asyncio
import json
import pathlib
import signal
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from chain import Chain  # noqa: E402
from plan import BadPlan, listed, parse  # noqa: E402
from server import Server  # noqa: E402

EXAMPLES = """examples:
  misbehaving-provider --port 8545                       a provider that behaves, a block each second
  misbehaving-provider --plan plan.toml --port 8545 --seed 7
  misbehaving-provider --plan plan.toml --truth truth.jsonl
  misbehaving-provider --list-faults

  a plan:
    [chain]
    block_time = 2
    [faults.cut]
    every = 30                                           # heads
    [faults.missing_log]
    at = [3, 4, 9]                                       # answers that have logs

Ctrl-C or SIGTERM ends it; how often each fault was made is then printed as JSON. While it runs, the call
misbehaving_report answers the same."""


def options():
    out = argparse.ArgumentParser(prog="misbehaving-provider", description=__doc__, epilog=EXAMPLES,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)
    out.add_argument("--plan", metavar="FILE", help="fault plan, TOML; none: it behaves")
    out.add_argument("--port", metavar="N", type=int, default=0, help="on 127.0.0.1; 0 (default): any free one, printed")
    out.add_argument("--seed", metavar="S", type=int, default=1, help="of the chain; the same seed and epoch are the same chain")
    out.add_argument("--truth", metavar="FILE", help="the canonical blocks with their logs go there, JSON Lines")
    out.add_argument("--list-faults", action="store_true", help="every fault, what it is counted over, and its options")
    return out.parse_args()


async def serve(arguments, plan, truth):
    epoch = plan.chain["epoch"] or int(time.time())
    block_time = plan.chain["block_time"]
    chain = Chain(arguments.seed, plan.chain["chain_id"], epoch - plan.chain["history"] * block_time, block_time)
    server = Server(chain, plan, arguments.port, truth)
    await server.open()
    print(f"listening on 127.0.0.1:{server.listener.port}, chain {chain.chain_id}, seed {arguments.seed}, epoch {epoch}, "
          f"block {server.node.head}", flush=True)
    running = asyncio.ensure_future(server.run())
    for which in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(which, running.cancel)
    try:
        await running
    except asyncio.CancelledError:
        pass
    server.listener.close()
    print(json.dumps(server.node.report()), flush=True)


def main():
    arguments = options()
    if arguments.list_faults:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # into `head`
        print(listed())
        return 0
    path = arguments.plan
    try:
        plan = parse(path, pathlib.Path(path).read_text()) if path else parse("", "")
    except (BadPlan, OSError, UnicodeDecodeError) as e:
        print(f"misbehaving-provider: {e}", file=sys.stderr)
        return 2
    truth = open(arguments.truth, "w") if arguments.truth else None
    try:
        asyncio.run(serve(arguments, plan, truth))
    except OSError as e:
        print(f"misbehaving-provider: {e}", file=sys.stderr)
        return 1
    finally:
        if truth:
            truth.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
