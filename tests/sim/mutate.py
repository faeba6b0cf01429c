"""Copies sources with the mistakes of mutants.txt built in; CMakeLists.txt runs it.

usage: mutate.py MUTANTS SOURCE_ROOT OUTPUT_FOLDER        writes the copies and mutants.cpp
       mutate.py MUTANTS SOURCE_ROOT --files              prints which sources are copied
"""
import pathlib
import re
import sys


def read_mutants(text):
    out = []
    for part in re.split(r"^mutant ", text, flags=re.M)[1:]:
        head, rest = part.split("\n", 1)
        number, title = head.split(": ", 1)
        file_line, rest = rest.split("\n", 1)
        before, after = rest.split("becomes\n", 1)
        out.append((int(number), title, file_line.removeprefix("file "),
                    before.removeprefix("is\n"), after.rstrip() + "\n"))
    return out


def choose(number, before, after):
    """A statement that declares something must stay one: then only its value is chosen."""
    declared = re.match(r"\s*(const bool \w+) = (.*);\n$", before)
    if declared:
        value = after.split(" = ", 1)[1].rstrip().rstrip(";")
        return (f"{declared[1]} = ::eremos::sim::mutant_is({number}) ? ({value}) : "
                f"({declared[2]});\n")
    return (f"{{ if (::eremos::sim::mutant_is({number})) {{\n{after}}} else {{\n{before}}} }}\n")


def main():
    mutants = read_mutants(pathlib.Path(sys.argv[1]).read_text())
    root = pathlib.Path(sys.argv[2])
    files = sorted({m[2] for m in mutants})
    if sys.argv[3] == "--files":
        print(";".join(files), end="")
        return
    out = pathlib.Path(sys.argv[3])
    for name in files:
        text = (root / name).read_text()
        for number, _, file, before, after in mutants:
            if file != name:
                continue
            if text.count(before) != 1:
                sys.exit(f"mutant {number}: what it changes stands {text.count(before)} times in "
                         f"{name}, not once")
            text = text.replace(before, choose(number, before, after))
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text('namespace eremos::sim { bool mutant_is(int number); }\n' + text)
    numbers = ", ".join(str(m[0]) for m in mutants)
    (out / "mutants.cpp").write_text(f"""#include "tests/sim/mutant.hpp"

#include <algorithm>
#include <array>

namespace eremos::sim {{

bool mutant_is(int number);

namespace {{
int chosen = 0;
constexpr std::array known = {{{numbers}}};
}}  // namespace

bool mutant_is(int number) {{ return number == chosen; }}

std::string set_mutant(int number) {{
  if (number != 0 && std::find(known.begin(), known.end(), number) == known.end())
    return "there is no such mutant; tests/sim/mutants.txt lists them";
  chosen = number;
  return {{}};
}}

}}  // namespace eremos::sim
""")


main()
