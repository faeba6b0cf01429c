"""The tour of docs/api.md: every command in it is run as it stands, and answers what it says."""
import re
import subprocess

from support import ROOT, Api, Node, folder, free_port, need, stored, wait_until

TEXT = (ROOT / "docs" / "api.md").read_text()


def commands():
    """(command, expected lines) of each "$ …" in the document's sh blocks."""
    for block in re.findall(r"```sh\n(.*?)```", TEXT, re.S):
        command, expected = None, []
        for line in block.splitlines():
            if line.startswith("$ "):
                if command:
                    yield command, expected
                command, expected = line[2:], []
            elif command and command.endswith("\\"):
                command = command[:-1] + line.strip()
            else:
                expected.append(line)
        if command:
            yield command, expected


def pattern(lines):
    """`…` stands for anything in a line; alone in a line for any lines."""
    out = ""
    for line in lines:
        if line == "…":
            out += r"(?:.*\n)*?"
        else:
            out += ".*".join(re.escape(part) for part in line.split("…")) + r"\n"
    return out


with folder() as f:
    port = free_port()
    node = Node(f / "data", "--mock", "--seed", "7", "--rate", "400", "--listen", f"127.0.0.1:{port}")
    wait_until(Api(port).lives, 20, "the API answers")
    wait_until(lambda: len(stored(f / "data", "select 1 from signals where status = 'active'")) >= 20 and
               stored(f / "data", "select 1 from memories where type = 'correlation'"), 60, "there is something to see")
    run = 0
    for command, expected in commands():
        if command.startswith("eremos-node"):
            continue
        done = subprocess.run(["bash", "-c", command.replace("8900", str(port))], capture_output=True, text=True, timeout=30)
        out = done.stdout.replace("\r", "").replace(str(port), "8900")
        if out and not out.endswith("\n"):
            out += "\n"
        need(re.fullmatch(pattern(expected), out), f"$ {command}\n{out[:600] if not re.fullmatch(pattern(expected), out) else ''}")
        run += 1
    need(run >= 12, f"{run} commands answer what docs/api.md says")
    need(node.stop() == 0, "the node drains and exits 0")
