#!/usr/bin/env bash
# A CRM's first calls, by grpcurl.
set -euo pipefail
address=${AFTERCALL_ADDRESS:-localhost:7400}
now=$(date -u +%FT%TZ)
tomorrow=$(date -u -d '+1 day' +%FT%TZ)

# 1. The call has ended: record why the customer called, how it was handled, what was promised.
answer=$(grpcurl -plaintext -d @ "$address" aftercall.recorder.v1.RecorderService/RecordInteraction <<JSON
{
  "interaction": {
    "external_ref": {"source_system": "crm", "external_id": "grpcurl-$now"},
    "channel": "CHANNEL_VOICE",
    "direction": "DIRECTION_INBOUND",
    "customer": {"customer_id": "C-SHELL"},
    "agent_id": "a.marsh",
    "occurred_at": "$now",
    "contact_reasons": [{"code": "billing.double_charge", "primary": true, "resolution": "REASON_RESOLUTION_NOT_RESOLVED"}],
    "handling": {"summary": "Charged twice. Asked the bank for the trace."},
    "disposition": {"code": "follow_up"},
    "commitments": [{
      "kind": "COMMITMENT_KIND_CALL_BACK",
      "promise_text": "I'll call you by this time tomorrow.",
      "told_to_customer": true,
      "promised_by": "$tomorrow"
    }]
  }
}
JSON
)
echo "$answer"

# 2. Read your own write: name its position, and the answer includes it.
position=$(sed -n 's/.*"position": "\([^"]*\)".*/\1/p' <<<"$answer")
grpcurl -plaintext -d "{\"customer_id\": \"C-SHELL\", \"page_size\": 1, \"min_position\": \"$position\"}" \
  "$address" aftercall.history.v1.HistoryService/ListTimeline

# 3. What is still promised to this customer?
grpcurl -plaintext -d "{\"filter\": {\"customer_ids\": [\"C-SHELL\"], \"lifecycles\": [\"COMMITMENT_LIFECYCLE_ACTIVE\"]}, \"min_position\": \"$position\"}" \
  "$address" aftercall.followups.v1.FollowupService/ListCommitments
