"""The tour of docs/alerts.md: every command is run as it stands there, and says what the page says."""
import contextlib
import os
import re
import shutil
import signal
import subprocess

from support import NODE, ROOT, folder, free_port, need

page = (ROOT / "docs/alerts.md").read_text()
blocks = re.findall(r"^```console\n(.*?)^```$", page, re.M | re.S)
need(blocks, f"the page has {len(blocks)} blocks of commands")
port = free_port()
MARK = "#-- end of a command --#"


def fits(want, got):
    """Whether the text is what the page shows, where … stands for anything within a line."""
    pattern = "[^\n]*".join(re.escape(part) for part in want.replace("9000", str(port)).split("…"))
    return re.fullmatch(pattern, got) is not None


with folder() as f:
    for name in ("alerts.toml", "alert_receiver.py"):
        shutil.copy(ROOT / "examples" / name, f)
    (f / "bin").mkdir()
    (f / "bin/eremos-node").symlink_to(NODE)
    env = dict(os.environ, PATH=f"{f}/bin:{os.environ['PATH']}", PYTHONUNBUFFERED="1")
    shell = subprocess.Popen(["bash"], cwd=f, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, start_new_session=True)
    try:
        for block in blocks:
            for step in re.split(r"^\$ ", block, flags=re.M)[1:]:
                command, _, want = step.partition("\n")
                shell.stdin.write(command.replace("9000", str(port)) + f"\necho '{MARK}'\n")
                shell.stdin.flush()
                got = ""
                while not got.endswith(MARK + "\n"):
                    line = shell.stdout.readline()
                    need(line, f"`{command}` ends {got}") if not line else None
                    got += line
                got = got.removesuffix(MARK + "\n")
                want = want.rstrip("\n") + "\n" if want.strip() else ""
                need(fits(want, got), f"`{command}` says what the page says" + ("" if fits(want, got) else f", but:\n{got}"))
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(shell.pid, signal.SIGKILL)
        shell.wait()
