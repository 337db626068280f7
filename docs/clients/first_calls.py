"""A CRM's first calls, from Python.

pip install grpcio grpcio-tools
"""

import datetime
import os
import pathlib
import sys
import tempfile
import uuid

import grpc
from grpc_tools import protoc

# Generate the messages and stubs; a CRM does this once, in its build.
PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
files = [str(file) for file in PROTO.rglob("*.proto")]
bundled = str(pathlib.Path(protoc.__file__).parent / "_proto")
protoc.main(["", f"-I{PROTO}", f"-I{bundled}", f"--python_out={generated}", f"--grpc_python_out={generated}", *files])
sys.path.insert(0, generated)

from aftercall.followups.v1 import filter_pb2, followups_pb2, followups_pb2_grpc
from aftercall.history.v1 import history_pb2, history_pb2_grpc
from aftercall.model.v1 import commitment_pb2, interaction_pb2
from aftercall.recorder.v1 import recorder_pb2, recorder_pb2_grpc

channel = grpc.insecure_channel(os.environ.get("AFTERCALL_ADDRESS", "localhost:7400"))
now = datetime.datetime.now(datetime.timezone.utc)

# 1. The call has ended: record why the customer called, how it was handled, what was promised.
contact = interaction_pb2.Interaction(
    interaction_id=str(uuid.uuid4()),
    channel=interaction_pb2.CHANNEL_VOICE,
    direction=interaction_pb2.DIRECTION_INBOUND,
    customer=interaction_pb2.Customer(customer_id="C-PYTHON"),
    agent_id="e.kato",
    occurred_at=now,
    contact_reasons=[interaction_pb2.ContactReason(code="internet.slow", primary=True)],
    handling=interaction_pb2.Handling(summary="Slow by cable as well. Passed to the network team."),
    disposition=interaction_pb2.Disposition(code="follow_up"),
    commitments=[
        commitment_pb2.CommitmentDraft(
            kind=commitment_pb2.COMMITMENT_KIND_STATUS_UPDATE,
            promise_text="You'll hear from us in two days.",
            told_to_customer=True,
            promised_by=now + datetime.timedelta(days=2),
        )
    ],
)
recorder = recorder_pb2_grpc.RecorderServiceStub(channel)
request = recorder_pb2.RecordInteractionRequest(interaction=contact)
recorded = recorder.RecordInteraction(request, timeout=10)
print("recorded", recorded.interaction_id)

# Sending it again is harmless: the first answer comes again.
again = recorder.RecordInteraction(request, timeout=10)
assert again.already_recorded and again.position == recorded.position

# 2. Read your own write: name its position, and the answer includes it.
history = history_pb2_grpc.HistoryServiceStub(channel)
timeline = history.ListTimeline(
    history_pb2.ListTimelineRequest(customer_id="C-PYTHON", min_position=recorded.position), timeout=10
)
for entry in timeline.entries:
    print(entry.occurred_at.ToDatetime(), entry.interaction.handling.summary)
assert any(entry.interaction.interaction_id == recorded.interaction_id for entry in timeline.entries)

# 3. What is still promised to this customer?
followups = followups_pb2_grpc.FollowupServiceStub(channel)
promises = followups.ListCommitments(
    followups_pb2.ListCommitmentsRequest(
        filter=filter_pb2.CommitmentFilter(
            customer_ids=["C-PYTHON"],
            lifecycles=[commitment_pb2.COMMITMENT_LIFECYCLE_ACTIVE],
        ),
        min_position=recorded.position,
    ),
    timeout=10,
)
for promise in promises.commitments:
    print("promised by", promise.promised_by.ToDatetime(), promise.promise_text)
assert promises.commitments

# What is wrong with a record is said field by field.
try:
    recorder.RecordInteraction(recorder_pb2.RecordInteractionRequest(), timeout=10)
except grpc.RpcError as error:
    print(error.code(), error.details())
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
else:
    raise SystemExit("an empty record was taken")
