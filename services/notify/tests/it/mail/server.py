"""A server of SMTP: prints its port, and then each mail that it was sent, as JSON on a line. While there is a file
`busy` in the directory, it takes none.

python3 server.py starttls|implicit|plain DIRECTORY NAME PASSWORD
"""

import email
import email.policy
import json
import os
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

mode, directory, name, password = sys.argv[1:]


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("gone@"):
            return "550 5.1.1 there is nobody of that name"
        if address.startswith("later@"):
            return "451 4.3.0 come again"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if any(address.startswith("spam@") for address in envelope.rcpt_tos):
            return "554 5.7.1 not wanted"
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        auth = session.auth_data
        took = {
            "tls": server.transport.get_extra_info("ssl_object") is not None,
            "user": auth.login.decode() if auth else None,
            "peer": list(session.peer[:2]),
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {key: str(value) for key, value in message.items()},
            "text": message.get_content(),
        }
        took["taken"] = not os.path.exists(f"{directory}/busy")
        print(json.dumps(took), flush=True)
        return "250 taken" if took["taken"] else "451 4.3.2 not now"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and data == LoginPassword(name.encode(), password.encode())
    return AuthResult(success=known, auth_data=data) if known else AuthResult(success=False, handled=False)


settings = {"hostname": "localhost", "port": 0}
if mode != "plain":
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{directory}/server.pem", f"{directory}/server.key")
    settings |= {"authenticator": authenticate, "auth_required": True}
if mode == "starttls":
    settings |= {"tls_context": context, "require_starttls": True}
if mode == "implicit":
    settings |= {"ssl_context": context, "auth_require_tls": False}


class OnAnyPort(Controller):
    def _trigger_server(self):
        # The port is known only now.
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = OnAnyPort(Handler(), **settings)
controller.start()
print(controller.port, flush=True)
# Until whoever started it is gone.
sys.stdin.read()
controller.stop()
