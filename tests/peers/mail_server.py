"""aiosmtpd with TLS and a login. Every letter that is taken becomes a file; a file `mode` holds a code to refuse the next ones with."""

import pathlib
import socket
import ssl
import sys
import time

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

port, tls, folder = int(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
context.load_cert_chain(folder / "cert.pem", folder / "key.pem")


def right(server, session, envelope, mechanism, data):
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (b"robot", b"pass word")
    # Not handled: the server itself says 535.
    return AuthResult(success=is_right, handled=False)


class Box:
    async def handle_RCPT(self, server, session, envelope, address, options):
        mode = folder / "mode"
        if mode.exists():
            return mode.read_text().strip() + " not this one, " + address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        # Of a connection that is secret from its first byte on, it knows nothing.
        if tls == "starttls" and session.ssl is None or not session.authenticated:
            return "530 a letter in the clear, or by nobody"
        number = len(list((folder / "letters").iterdir()))
        head = f"X-To: {','.join(envelope.rcpt_tos)}\r\n".encode()
        (folder / "letters" / f"{number:03}").write_bytes(head + envelope.content)
        return "250 taken"


class Server(Controller):
    def factory(self):
        options = {"require_starttls": True, "tls_context": context} if tls == "starttls" else {}
        return SMTP(self.handler, authenticator=right, auth_required=True, auth_require_tls=tls == "starttls", **options)

    def _trigger_server(self):
        """The controller tries its own port, and would do so with the context of a server."""
        with socket.create_connection(("127.0.0.1", port), 5) as stream:
            if tls == "tls":
                stream = ssl._create_unverified_context().wrap_socket(stream)
            stream.recv(1024)


server = Server(Box(), hostname="127.0.0.1", port=port, ssl_context=context if tls == "tls" else None)
server.start()
print("ready", flush=True)
while True:
    time.sleep(3600)
