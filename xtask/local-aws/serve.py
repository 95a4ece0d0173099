"""Run LocalStack core in this process: on 127.0.0.1 only, and only while standard input stays open.

Whoever starts it holds the other end of standard input as a pipe. The pipe closes when that process ends,
however it ends, so no server outlives it.
"""

import datetime
import enum
import os
import sys
import threading

from twisted.internet import endpoints


def exit_with_parent():
    while sys.stdin.buffer.read(4096):
        pass
    os._exit(0)


threading.Thread(target=exit_with_parent, name="exit-with-parent", daemon=True).start()

# The two names that LocalStack's SNS and SQS take from the standard library of Python 3.11.
if sys.version_info < (3, 11):

    class StrEnum(str, enum.Enum):
        __str__ = str.__str__
        __format__ = str.__format__

    enum.StrEnum = StrEnum
    datetime.UTC = datetime.timezone.utc

# LocalStack drops the host of GATEWAY_LISTEN and would listen on every interface.
listen_anywhere = endpoints.TCP4ServerEndpoint.__init__


def listen_on_loopback(self, reactor, port, backlog=50, interface=""):
    listen_anywhere(self, reactor, port, backlog, interface or "127.0.0.1")


endpoints.TCP4ServerEndpoint.__init__ = listen_on_loopback

from localstack.runtime.main import main  # noqa: E402  (after the patches)

main()
