"""Makes a checkout ready: packages, fonts, weights; --browser adds what tests need, --again retries what failed."""

import sys

import browser
import packages
import speech_weights
import static_files


def main(arguments: list[str]) -> int:
    if sys.version_info < (3, 11):  # noqa: UP036 - this runs before anything could check what it needs
        sys.stderr.write("Throughline needs Python 3.11 or newer; choose one with: make PY=python3.12 ...\n")
        return 1
    if not packages.current():
        packages.install()
        static_files.fetch_all()
        speech_weights.prepare()
        packages.remember()
    elif "--again" in arguments:
        static_files.fetch_all()
        speech_weights.prepare()
    if "--browser" in arguments:
        packages.install_for_tests()
        browser.find_or_install()
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except packages.SetupFailed as failure:
        sys.stderr.write(f"\nThe set-up stopped: {failure}\n")
        sys.exit(1)
