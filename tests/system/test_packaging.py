"""What comes with the program: completions and the manual agree with --help, systemd hears when the node is ready and
that it works, and the Debian package has what it should."""
import os
import re
import shutil
import socket
import subprocess
import sys

from support import NODE, ROOT, folder, need, run

CPACK, BUILD = sys.argv[1:3]
PACKAGING = ROOT / "packaging"


def options_of(text):
    """Long options that a help text lists."""
    return {word for line in text.splitlines() if line.startswith("  -") for word in re.findall(r"--[a-z][a-z-]*", line.split("  ")[1])}


def help_of(*command):
    code, out, err = run(*command, "--help")
    need(code == 0, f"{command} has help {err}") if code else None
    return out


def commands_of(text):
    return set(re.findall(r"^  ([a-z]+) +[A-Z]", text.split("Subcommands:")[1].split("\n\n")[0], re.M))


def bash_completes(words):
    """What bash offers for the last of these words."""
    script = (f"source {PACKAGING / 'eremos-node.bash'}; COMP_WORDS=({' '.join(repr(w) for w in words)}); "
              f"COMP_CWORD={len(words) - 1}; _eremos_node; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=20)
    need(not done.stderr, f"bash says nothing {done.stderr}") if done.stderr else None
    return set(done.stdout.split())


def zsh_options(command):
    text = (PACKAGING / "eremos-node.zsh").read_text()
    groups = {}
    for name, body in re.findall(r"(\w+)=(\((?:[^()]|\([^()]*\))*\)|'[^']*')", text):
        groups[name] = body
    lines = text.replace("\\\n", " ")
    mine = re.search(rf"^    \((?:[a-z]+\|)*{command}(?:\|[a-z]+)*\) (.*?) ;;", lines, re.M).group(1)

    def expand(body):
        return re.sub(r"\$(\w+)", lambda m: expand(groups[m.group(1)]) if m.group(1) in groups else "", body)

    return set(re.findall(r"'\*?(--[a-z][a-z-]*)\[", expand(mine)))


def fish_options(command):
    out = set()
    for line in (PACKAGING / "eremos-node.fish").read_text().splitlines():
        seen = re.search(r"__fish_seen_subcommand_from ([a-z ]+)' -l ([a-z-]+)", line)
        if seen and command in seen.group(1).split():
            out.add("--" + seen.group(2))
    return out


overview = help_of()
commands = commands_of(overview)
need({"run", "alerts"} <= commands, f"help lists {len(commands)} commands")
manual = (PACKAGING / "eremos-node.1").read_text().replace("\\-", "-")
need(bash_completes(["eremos-node", ""]) == commands | {"help"} | options_of(overview), "bash completes the commands")
fish = (PACKAGING / "eremos-node.fish").read_text()
zsh = (PACKAGING / "eremos-node.zsh").read_text()
every_option = set()
for command in sorted(commands):
    known = options_of(help_of(command))
    every_option |= known
    need(bash_completes(["eremos-node", command, "--"]) == known, f"bash completes {command}'s {len(known)} options")
    need(zsh_options(command) == known, f"so does zsh {zsh_options(command) ^ known}") if zsh_options(command) != known else None
    need(fish_options(command) == known, f"so does fish {fish_options(command) ^ known}") if fish_options(command) != known else None
    need(f"-a {command} " in fish and f"'{command}:" in zsh, f"zsh and fish know {command}") if f"'{command}:" not in zsh else None
    need(re.search(rf"\b{command}\b", manual), f"the manual has {command}") if not re.search(rf"\b{command}\b", manual) else None
print("ok: zsh and fish complete the same")
in_manual = set(re.findall(r"--[a-z][a-z-]*", manual))
need(in_manual == every_option | options_of(overview), f"the manual has every option and no other {in_manual ^ (every_option | options_of(overview))}")
if shutil.which("groff"):
    done = subprocess.run(["groff", "-man", "-ww", "-Tutf8", str(PACKAGING / "eremos-node.1")], capture_output=True, text=True)
    need(done.returncode == 0 and not done.stderr, f"groff formats it without a warning {done.stderr[:300]}")

if shutil.which("systemd-analyze"):
    with folder() as f:
        unit = f / "eremos.service"
        unit.write_text((PACKAGING / "eremos.service").read_text().replace("/usr/bin/eremos-node", NODE))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, timeout=60)
        need(done.returncode == 0 and not done.stderr, f"systemd understands the unit {done.stderr[:300]}")
        done = subprocess.run(["systemd-analyze", "security", "--offline=true", "--threshold=15", unit], capture_output=True,
                              text=True, timeout=60)
        need(done.returncode == 0, f"and finds it confined: {done.stdout.strip().splitlines()[-1] if done.stdout else done.stderr}")

with folder() as f:
    path = f / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.bind(str(path))
        told.settimeout(30)
        env = dict(os.environ, NOTIFY_SOCKET=str(path), WATCHDOG_USEC="200000")
        process = subprocess.Popen([NODE, "run", "--mock", "--data-dir", str(f / "data")], stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, env=env)
        words = [told.recv(100).decode() for _ in range(5)]
        need(sorted(words[:2])[0] == "READY=1" and words.count("WATCHDOG=1") == 4, f"systemd hears {words}")
        process.terminate()
        while (word := told.recv(100).decode()) == "WATCHDOG=1":
            pass
        need(word == "STOPPING=1" and process.wait(30) == 0, "and when the node stops")

    if not shutil.which("dpkg-deb"):
        print("ok: no dpkg-deb here, so no package is made")
        sys.exit(0)
    done = subprocess.run([CPACK, "--config", f"{BUILD}/CPackConfig.cmake", "-B", str(f / "package")], capture_output=True,
                          text=True, timeout=280, cwd=f)
    need(done.returncode == 0, f"cpack makes the package {done.stdout[-500:] + done.stderr[-500:] if done.returncode else ''}")
    package = next((f / "package").glob("eremos_*.deb"))
    listing = subprocess.run(["dpkg-deb", "-c", package], capture_output=True, text=True, check=True).stdout
    files = {line.split()[5].removeprefix(".") for line in listing.splitlines() if not line.startswith("d")}
    wanted = {"/usr/bin/eremos-node", "/usr/lib/systemd/system/eremos.service", "/etc/eremos/eremos.toml",
              "/usr/share/man/man1/eremos-node.1", "/usr/share/bash-completion/completions/eremos-node",
              "/usr/share/zsh/vendor-completions/_eremos-node", "/usr/share/fish/vendor_completions.d/eremos-node.fish",
              "/usr/share/doc/eremos/copyright", "/usr/share/doc/eremos/docs/operations.md"}
    need(wanted <= files, f"it has program, unit, configuration, manual, completions and documents {wanted - files}")
    need(not any("/include/" in name or name.endswith(".o") for name in files), "and no headers or objects")
    need(all("root/root" in line for line in listing.splitlines()), "all of it root's")
    fields = subprocess.run(["dpkg-deb", "-f", package], capture_output=True, text=True, check=True).stdout
    for word in ("Package: eremos", "libsqlite3-0", "libcurl4", "libc6"):
        need(word in fields, f"its control file says {word}")
    subprocess.run(["dpkg-deb", "-R", package, f / "root"], check=True)
    need((f / "root/DEBIAN/conffiles").read_text() == "/etc/eremos/eremos.toml\n", "the configuration is a conffile")
    out = subprocess.run([f / "root/usr/bin/eremos-node", "version"], capture_output=True, text=True, timeout=20).stdout
    need(out.startswith("eremos "), "the program in it runs")
    unit = (f / "root/usr/lib/systemd/system/eremos.service").read_text()
    need(re.search(r"^ExecStart=/usr/bin/eremos-node run --config /etc/eremos/eremos.toml$", unit, re.M) is not None,
         "the unit starts what the package has")
