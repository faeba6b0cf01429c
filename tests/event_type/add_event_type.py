#!/usr/bin/env python3
"""Adds an event type to a copy of the tree and uses it there; Python's standard library and patch(1) only.

  add_event_type.py --check                       does withdrawal.patch apply, and does it touch what the guide lists?
  add_event_type.py FOLDER [CMAKE [COMPILER]]     the same; then copies the tree to FOLDER, which is emptied before,
                                                  applies the patch, builds the messages, the runtime and
                                                  test_withdrawal.cpp, and runs that
"""
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PATCH = HERE / "withdrawal.patch"
GUIDE = ROOT / "docs" / "adding_an_event_type.md"
# What the build of the copy reads; examples and documents are left out as far as CMake lets them.
FOLDERS = ["cmake", "messages", "runtime", "connectors", "actors", "examples", "tests", "scripts"]


def need(condition, why):
    if not condition:
        print(f"FAILED: {why}", file=sys.stderr)
        sys.exit(1)


def call(*command, **options):
    print("+", " ".join(str(c) for c in command), flush=True)
    return subprocess.run([str(c) for c in command], check=False, text=True, **options)


def apply(tree, *options):
    """Without fuzz: a hunk fits as it is, if need be at another line."""
    done = call("patch", "-p1", "--force", "--fuzz=0", "--reject-file=-", *options, "-d", tree, "-i", PATCH,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    need(done.returncode == 0,
         f"{PATCH.relative_to(ROOT)} does not apply, so what {GUIDE.relative_to(ROOT)} shows is no longer how an "
         f"event type is added: change both.\n{done.stdout}")


def check():
    need(shutil.which("patch"), "patch(1) is missing: scripts/bootstrap installs it")
    apply(ROOT, "--dry-run")
    touched = set(re.findall(r"^\+\+\+ b/(\S+)", PATCH.read_text(), re.M))
    listed = re.findall(r"^\| `([^`]+\.[ch]pp)`", GUIDE.read_text(), re.M)
    need(len(listed) == len(set(listed)), "the guide lists a file twice")
    need(touched, "the patch touches nothing")
    for path in sorted(touched - set(listed)):
        need(False, f"the patch touches {path}, which is in no table of {GUIDE.relative_to(ROOT)}")
    for path in sorted(set(listed) - touched):
        need(False, f"{GUIDE.relative_to(ROOT)} lists {path}, which the patch does not touch")
    print(f"the patch applies, and the guide lists its {len(touched)} files")


def add(folder, cmake, *compiler):
    source, build = folder / "source", folder / "build"
    need(not folder.exists() or source.exists() or not any(folder.iterdir()), f"{folder} holds something else")
    shutil.rmtree(folder, ignore_errors=True)
    source.mkdir(parents=True)
    shutil.copy2(ROOT / "CMakeLists.txt", source)
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("build", "node_modules"))
    apply(source)
    options = [f"-DCMAKE_CXX_COMPILER={c}" for c in compiler]
    done = call(cmake, "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DEREMOS_DASHBOARD=OFF", "-DCMAKE_CXX_FLAGS_DEBUG=-O0",
                *options, stdout=subprocess.DEVNULL)
    need(done.returncode == 0, "the copy cannot be configured")
    done = call(cmake, "--build", build, "-j", 2, "--target", "test_withdrawal")
    need(done.returncode == 0, "the copy does not build")
    done = call(build / "tests" / "event_type" / "test_withdrawal")
    need(done.returncode == 0, "the added type does not work")
    shutil.rmtree(folder)


check()
if sys.argv[1:] != ["--check"]:
    need(len(sys.argv) > 1, __doc__)
    add(pathlib.Path(sys.argv[1]).resolve(), *(sys.argv[2:] or ["cmake"]))
