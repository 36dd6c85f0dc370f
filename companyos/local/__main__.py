"""python -m companyos.local demo | run | tools"""

import argparse
import signal
import subprocess
import sys

from companyos.local import LocalError, application, chromium, demo, ensure, pgbouncer, state_dir


def main(arguments: list[str] | None = None) -> int:
    options = parser().parse_args(arguments)
    try:
        return options.command(options)
    except LocalError as error:
        print(error, file=sys.stderr)
    except PermissionError as error:
        print(
            f"{error.filename} belongs to another user: {error.strerror}. Remove it as that user.",
            file=sys.stderr,
        )
    except KeyboardInterrupt:
        return 130
    return 1


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="python -m companyos.local", description=__doc__)
    commands = whole.add_subparsers(required=True)

    one = commands.add_parser("demo", help="the whole product, until Ctrl-C")
    one.add_argument(
        "--port",
        type=port,
        default=application.DEFAULT_PORT,
        help="the console's; the next two are taken too",
    )
    one.add_argument("--reset", action="store_true", help="start over with fresh demo data")
    one.add_argument(
        "--verbose", action="store_true", help="show what the processes say instead of keeping it in demo.log"
    )
    one.set_defaults(command=lambda options: demo.run(options.port, reset=options.reset, verbose=options.verbose))

    two = commands.add_parser("run", help="one command with DATABASE_URL and REDIS_URL set")
    two.add_argument("--profile", choices=("demo", "test"), default="demo")
    two.add_argument("--port", type=port, default=application.DEFAULT_PORT)
    two.add_argument("words", nargs="+", metavar="-- COMMAND")
    two.set_defaults(command=run)

    three = commands.add_parser("tools", help="find what the tests drive besides, or install it where that is possible")
    three.set_defaults(command=tools)
    return whole


def port(text: str) -> int:
    number = int(text)
    if not 1024 <= number <= 65533:
        raise argparse.ArgumentTypeError("a port between 1024 and 65533")
    return number


def tools(options: argparse.Namespace) -> int:
    pgbouncer.obtain()
    chromium.obtain()
    return 0


def run(options: argparse.Namespace) -> int:
    """Starts the servers that are down, runs the command, stops them again unless somebody else uses them."""
    words = options.words[1:] if options.words[0] == "--" else options.words
    with ensure(options.profile) as servers:
        given = application.environment(servers, state_dir(), options.port)
        try:
            child = subprocess.Popen(words, env=given)
        except FileNotFoundError as error:
            raise LocalError(f"{words[0]}: no such command") from error
        # Ctrl-C reaches both of us and is for the command; we outlast it to stop the servers.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        return child.wait()


if __name__ == "__main__":
    sys.exit(main())
