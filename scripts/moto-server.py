"""moto as a server for the tests: on a port that the system chooses, and gone when the process that started it is.

Prints the port as its first line. It ends when its standard input is closed, which happens even when the process
that holds the other end is killed: no test can leave one behind.
"""

import os
import sys
import threading

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


def end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=True)
# moto calls itself here when one of its services uses another.
os.environ["MOTO_PORT"] = str(server.server_port)
threading.Thread(target=end_with_parent, daemon=True).start()
print(server.server_port, flush=True)
server.serve_forever()
