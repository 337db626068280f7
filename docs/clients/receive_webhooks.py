"""A receiver of webhooks, in Python: signatures are checked by the library of Standard Webhooks.

pip install grpcio grpcio-tools standardwebhooks cryptography
"""

import base64
import datetime
import http.server
import json
import os
import pathlib
import queue
import sys
import tempfile
import threading
import uuid

import grpc
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from grpc_tools import protoc
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

# Generate the messages and stubs; a receiver needs them only to set the webhook up.
PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
files = [str(file) for file in PROTO.rglob("*.proto")]
bundled = str(pathlib.Path(protoc.__file__).parent / "_proto")
protoc.main(["", f"-I{PROTO}", f"-I{bundled}", f"--python_out={generated}", f"--grpc_python_out={generated}", *files])
sys.path.insert(0, generated)

from aftercall.model.v1 import interaction_pb2, webhook_pb2
from aftercall.notify.v1 import webhooks_pb2, webhooks_pb2_grpc
from aftercall.recorder.v1 import recorder_pb2, recorder_pb2_grpc

received = queue.Queue()


class Receiver(http.server.BaseHTTPRequestHandler):
    """Takes a message, and answers at once: what is to be done about it can be done later."""

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()
        received.put((dict(self.headers), body))

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()

# 1. Set the webhook up. What its messages are checked by is answered this once.
channel = grpc.insecure_channel(os.environ.get("AFTERCALL_ADDRESS", "localhost:7400"))
webhooks = webhooks_pb2_grpc.WebhookServiceStub(channel)
made = webhooks.CreateWebhook(
    webhooks_pb2.CreateWebhookRequest(
        request_id=str(uuid.uuid4()),
        webhook=webhook_pb2.Webhook(
            display_name="The example in Python",
            url=f"http://127.0.0.1:{server.server_port}/hooks",
            event_types=["aftercall.interaction.*"],
        ),
    ),
    timeout=10,
)
checker = Webhook(made.secret)


def record():
    """Something happens: a contact is recorded."""
    contact = interaction_pb2.Interaction(
        channel=interaction_pb2.CHANNEL_VOICE,
        direction=interaction_pb2.DIRECTION_INBOUND,
        customer=interaction_pb2.Customer(customer_id="C-WEBHOOK"),
        agent_id="e.kato",
        occurred_at=datetime.datetime.now(datetime.timezone.utc),
        contact_reasons=[interaction_pb2.ContactReason(code="internet.slow", primary=True)],
        no_follow_up_promised=True,
        interaction_id=str(uuid.uuid4()),
    )
    recorder = recorder_pb2_grpc.RecorderServiceStub(channel)
    return recorder.RecordInteraction(recorder_pb2.RecordInteractionRequest(interaction=contact), timeout=10)


# 2. A message says what happened to what; its signature says that nobody else wrote it.
recorded = record()
headers, body = received.get(timeout=30)
told = checker.verify(body, headers)
print(told["type"], told["data"]["aggregateId"])
assert told["data"]["aggregateId"] == recorded.interaction_id
assert headers["webhook-id"].startswith("msg_")

# What was changed on its way, or signed for another time, is no message.
for forged in [
    (body.replace(b"C-WEBHOOK", b"C-ANOTHER"), headers),
    (body, {**headers, "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1)}),
    (body, {**headers, "webhook-id": "msg_another"}),
]:
    try:
        checker.verify(*forged)
    except WebhookVerificationError:
        continue
    raise SystemExit("a forged message was taken")

# 3. While a secret is replaced, both sign; here by a key of which the receiver has the public half alone.
rotated = webhooks.RotateWebhookKey(
    webhooks_pb2.RotateWebhookKeyRequest(
        request_id=str(uuid.uuid4()),
        webhook_id=made.webhook.webhook_id,
        algorithm=webhook_pb2.WEBHOOK_ALGORITHM_ED25519,
    ),
    timeout=10,
)
key = Ed25519PublicKey.from_public_bytes(base64.b64decode(rotated.secret.removeprefix("whpk_")))


def signed_by_key(body, headers):
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    for signature in headers["webhook-signature"].split(" "):
        version, _, encoded = signature.partition(",")
        if version == "v1a":
            try:
                key.verify(base64.b64decode(encoded), signed)
                return True
            except InvalidSignature:
                pass
    return False


record()
headers, body = received.get(timeout=30)
checker.verify(body, headers)
assert signed_by_key(body, headers)
assert not signed_by_key(body + b" ", headers)
assert json.loads(body)["data"]["sequence"] == 2
print("checked by the old secret and by the new key")
