"""The installed Eremos: a project outside the tree finds it, and builds a node and a plugin that both work; the misbehaving
provider comes with it."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

from misbehaving import Program
from support import ROOT, folder, need

CMAKE, BUILD, COMPILER, BUILD_TYPE = sys.argv[1:5]
FLAGS = " ".join(sys.argv[5:])  # none, most often
EXAMPLE = ROOT / "examples" / "01_hello_agent"
MOCK = ('[chains.mock]\nchain_id = 1337\nstart = 1\n[[chains.mock.providers]]\nkind = "mock"\nseed = 5\n'
        'rate = "max"\nblocks = 60\n')


def call(*command, seconds=240):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=seconds, env=os.environ)
    need(done.returncode == 0, f"{pathlib.Path(command[0]).name} {command[1]} {(done.stdout + done.stderr)[-3000:] if done.returncode else ''}")
    return done.stdout


def greetings(where, program, *arguments):
    """What the example's agent says of a chain of 60 blocks."""
    config = where / "mock.toml"
    config.write_text(MOCK)
    out = call(program, "run", "--config", config, "--json", "--data-dir", where / "data", *arguments, seconds=60)
    shutil.rmtree(where / "data")
    signals = [json.loads(line) for line in out.splitlines()]
    need(any(s["agent"] == "intelligence" for s in signals), "the agents that come with Eremos are there")
    return {s["id"] for s in signals if s["agent"] == "hello"}


with folder() as f:
    prefix, project, build = f / "prefix", f / "project", f / "build"
    call(CMAKE, "--install", BUILD, "--prefix", prefix)
    shutil.copytree(EXAMPLE, project)
    call(CMAKE, "-S", project, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
         f"-DCMAKE_CXX_COMPILER={COMPILER}", f"-DCMAKE_BUILD_TYPE={BUILD_TYPE}", f"-DCMAKE_CXX_FLAGS={FLAGS}")
    call(CMAKE, "--build", build)
    commands = (build / "build.ninja").read_text()
    need(str(ROOT) not in commands, "its build knows nothing of the tree Eremos was built in")
    node, plugin = prefix / "bin" / "eremos-node", build / "libhello_plugin.so"
    linked = greetings(f, build / "01_hello_agent")
    need(linked, f"its program greets {len(linked)} new contracts")
    need(greetings(f, node, "--load", plugin) == linked, "the installed node with its plugin says the same")
    need(not greetings(f, node), "and nothing of it without")
    tool = prefix / "bin" / "misbehaving-provider"
    need("forged_block" in call(tool, "--list-faults"), "the misbehaving provider is installed")
    provider = Program(f, "provider", "[faults.wrong_chain_id]\nat = [3]\n", program=tool)
    try:
        config = f / "provider_of.toml"
        config.write_text(f'[chains.ethereum]\n[[chains.ethereum.providers]]\nkind = "generic"\n'
                          f'ws = "ws://127.0.0.1:{provider.port}"\nhttp = "http://127.0.0.1:{provider.port}"\n')
        said = call(node, "doctor", "--config", config, "--listen", "3s")
        need("misbehaving-provider" in said, "doctor knows it, and is content while it behaves")
        done = subprocess.run([node, "doctor", "--config", config, "--listen", "1s"], capture_output=True, text=True, timeout=60)
        need(done.returncode == 1 and "serves chain 2, not 1" in done.stdout, "and is not once it does as planned")
    finally:
        provider.stop()
    other = f / "other"
    other.mkdir()
    (other / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(other LANGUAGES CXX)\n"
                                          "find_package(Eremos 0.999 REQUIRED)\n")
    done = subprocess.run([CMAKE, "-S", other, "-B", other / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}"],
                          capture_output=True, text=True, timeout=60)
    need(done.returncode != 0 and "0.999" in done.stderr, "another minor version than asked for is not found")
