"""An agent's open promises as a calendar, read by another program's parser.

pip install grpcio grpcio-tools icalendar
"""

import datetime
import os
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request
import uuid

import grpc
import icalendar
from grpc_tools import protoc

# Generate the messages and stubs; a program does this once, in its build.
PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
generated = tempfile.mkdtemp()
files = [str(file) for file in PROTO.rglob("*.proto")]
bundled = str(pathlib.Path(protoc.__file__).parent / "_proto")
protoc.main(["", f"-I{PROTO}", f"-I{bundled}", f"--python_out={generated}", f"--grpc_python_out={generated}", *files])
sys.path.insert(0, generated)

from aftercall.followups.v1 import calendar_feeds_pb2, calendar_feeds_pb2_grpc
from aftercall.model.v1 import calendar_feed_pb2, commitment_pb2, interaction_pb2
from aftercall.recorder.v1 import recorder_pb2, recorder_pb2_grpc

channel = grpc.insecure_channel(os.environ.get("AFTERCALL_ADDRESS", "localhost:7400"))
now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)

# What iCalendar has signs and words of its own for, and what is longer than a line.
WORDS = [
    'Zurück, „gleich“; mit \\Schrägstrich\\ und: "Zeichen"',
    "BEGIN:VEVENT and END:VCALENDAR",
    "🦀 " + "sehr lang, " * 60 + "Ende",
    "日本語のテキスト" * 20,
]
agent = f"agent-{uuid.uuid4()}"
dues = [now + datetime.timedelta(days=day + 1) for day in range(len(WORDS))]
contact = interaction_pb2.Interaction(
    interaction_id=str(uuid.uuid4()),
    channel=interaction_pb2.CHANNEL_VOICE,
    direction=interaction_pb2.DIRECTION_INBOUND,
    customer=interaction_pb2.Customer(customer_id="C,1;\\n"),
    agent_id=agent,
    occurred_at=now,
    contact_reasons=[interaction_pb2.ContactReason(code="internet.slow", primary=True)],
    handling=interaction_pb2.Handling(summary="Promised much."),
    disposition=interaction_pb2.Disposition(code="follow_up"),
    commitments=[
        commitment_pb2.CommitmentDraft(
            kind=commitment_pb2.COMMITMENT_KIND_CALL_BACK,
            promise_text=words,
            told_to_customer=True,
            promised_by=due,
        )
        for words, due in zip(WORDS, dues)
    ],
)
recorder = recorder_pb2_grpc.RecorderServiceStub(channel)
recorder.RecordInteraction(recorder_pb2.RecordInteractionRequest(interaction=contact), timeout=10)

# Make the feed. Its address is told this once.
feeds = calendar_feeds_pb2_grpc.CalendarFeedServiceStub(channel)
asked = calendar_feed_pb2.CalendarFeed(agent_id=agent, display_name="Offene Zusagen", personal_allowed=True)
made = feeds.CreateCalendarFeed(
    calendar_feeds_pb2.CreateCalendarFeedRequest(request_id=str(uuid.uuid4()), feed=asked), timeout=10
)

# A calendar fetches it again and again; most times nothing is new.
with urllib.request.urlopen(made.url) as answer:
    text, tag = answer.read(), answer.headers["ETag"]
    assert answer.headers.get_content_type() == "text/calendar"
assert all(len(line) <= 75 for line in text.split(b"\r\n"))
try:
    urllib.request.urlopen(urllib.request.Request(made.url, headers={"If-None-Match": tag}))
    raise AssertionError("nothing is new")
except urllib.error.HTTPError as error:
    assert error.code == 304, error

calendar = icalendar.Calendar.from_ical(text)
events = calendar.walk("VEVENT")
assert str(calendar["NAME"]) == "Offene Zusagen", calendar["NAME"]
assert [str(event["DESCRIPTION"]) for event in events] == WORDS
assert [event.decoded("DTSTART") for event in events] == dues
assert {str(event["SUMMARY"]) for event in events} == {"Call back · C,1;\\n"}
assert len({str(event["UID"]) for event in events}) == len(WORDS)
assert not calendar.errors and not any(event.errors for event in events)

# Whoever lost the address revokes the feed, and makes another one.
feeds.RevokeCalendarFeed(
    calendar_feeds_pb2.RevokeCalendarFeedRequest(request_id=str(uuid.uuid4()), feed_id=made.feed.feed_id), timeout=10
)
try:
    urllib.request.urlopen(made.url)
    raise AssertionError("it was revoked")
except urllib.error.HTTPError as error:
    assert error.code == 404, error
print("read a calendar with", len(events), "promises")
