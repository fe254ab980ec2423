"""Run the tests with coverage, print the coverage of the parts it is aimed for, and pytest's own last line at the end.

The exit code is pytest's: coverage is reported, not enforced.
"""

import os
import re
import subprocess
import sys

BIN = os.path.dirname(sys.executable)
MEASURED = "program/*,gitops/*,providers/*,automation/*,authoring/*"
AIM = 90
_CLOSING_LINE = re.compile(r"^=+ .*\b(passed|failed|error|errors|no tests ran)\b.* =+$")


def main() -> int:
    """Run pytest with the arguments given here, then the coverage report."""
    command = [sys.executable, "-m", "pytest", "--cov", "--cov-report=", "--color=no", *sys.argv[1:]]
    closing_line = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tests:
        assert tests.stdout is not None
        for line in tests.stdout:
            print(line, end="", flush=True)
            if _CLOSING_LINE.match(line):
                closing_line = line.strip()
    coverage = [os.path.join(BIN, "coverage")]
    subprocess.run([*coverage, "report", f"--include={MEASURED}", "--skip-covered"], check=False)
    total = subprocess.run(
        [*coverage, "report", f"--include={MEASURED}", "--format=total"], check=False, capture_output=True, text=True
    )
    print(
        f"coverage of program/, gitops/, providers/, automation/ and authoring/: {total.stdout.strip() or '?'} % (aim: {AIM} %)"
    )
    print(closing_line, flush=True)
    return tests.returncode


if __name__ == "__main__":
    sys.exit(main())
