"""Every mutant is found within 1,000 seeds.

usage: run_mutants.py CMAKE BUILD_FOLDER PROGRAM MUTANTS
"""
import re
import subprocess
import sys

cmake, build, program, mutants = sys.argv[1:5]
subprocess.run([cmake, "--build", build, "--target", "eremos-sim-mutants"], check=True,
               stdout=subprocess.DEVNULL)
alive = []
for number, title in re.findall(r"^mutant (\d+): (.*)$", open(mutants).read(), flags=re.M):
    ran = subprocess.run([program, "--mutant", number, "--seeds", "1000", "--stop"],
                         capture_output=True, text=True)
    # An assertion that fails ends the program: that is a finding, too.
    found = ran.returncode not in (0, 2)
    last = (ran.stdout + ran.stderr).strip().splitlines()[-1]
    print(f"mutant {number} ({title}): {'found' if found else 'NOT FOUND'}; {last}",
          flush=True)
    if not found:
        alive.append(number)
sys.exit(f"not found: {', '.join(alive)}" if alive else 0)
