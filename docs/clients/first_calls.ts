// A CRM's first calls, from TypeScript: `npm install && npx tsx first_calls.ts`.

import { randomUUID } from "node:crypto";
import { promisify } from "node:util";
import { credentials, loadPackageDefinition } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

const address = process.env.AFTERCALL_ADDRESS ?? "localhost:7400";
const files = ["recorder/v1/recorder", "history/v1/history", "followups/v1/followups"];
const definition = loadSync(
  files.map((file) => `aftercall/${file}.proto`),
  { includeDirs: [process.env.AFTERCALL_PROTO ?? "../../proto"], enums: String, longs: String, defaults: true },
);
const { aftercall } = loadPackageDefinition(definition) as any;

/** A client whose methods answer with promises. */
function client(service: any): Record<string, (request: object) => Promise<any>> {
  const made = new service(address, credentials.createInsecure());
  const names = Object.keys(service.service);
  return Object.fromEntries(names.map((name) => [name, promisify(made[name]).bind(made)]));
}

const seconds = (at: number) => ({ seconds: Math.floor(at / 1000) });
const now = Date.now();

// 1. The call has ended: record why the customer called, how it was handled, what was promised.
const recorder = client(aftercall.recorder.v1.RecorderService);
const recorded = await recorder.RecordInteraction({
  interaction: {
    interactionId: randomUUID(),
    channel: "CHANNEL_CHAT",
    direction: "DIRECTION_INBOUND",
    customer: { customerId: "C-TYPESCRIPT" },
    agentId: "j.ames",
    occurredAt: seconds(now),
    contactReasons: [{ code: "appliances.delivery_late", primary: true }],
    handling: { summary: "Delivery missed, and the depot can't say when." },
    disposition: { code: "follow_up" },
    commitments: [
      {
        kind: "COMMITMENT_KIND_CALL_BACK",
        promiseText: "We'll call you within five hours.",
        toldToCustomer: true,
        promisedBy: seconds(now + 5 * 3_600_000),
      },
    ],
  },
});
console.log("recorded", recorded.interactionId);

// 2. Read your own write: name its position, and the answer includes it.
const history = client(aftercall.history.v1.HistoryService);
const timeline = await history.ListTimeline({ customerId: "C-TYPESCRIPT", minPosition: recorded.position });
const summaries = timeline.entries.map((entry: any) => entry.interaction?.handling?.summary);
console.log(summaries.join("\n"));
if (summaries.length === 0) throw new Error("the contact is not in the timeline");

// 3. What is still promised to this customer?
const followups = client(aftercall.followups.v1.FollowupService);
const open = await followups.ListCommitments({
  filter: { customerIds: ["C-TYPESCRIPT"], lifecycles: ["COMMITMENT_LIFECYCLE_ACTIVE"] },
  minPosition: recorded.position,
});
for (const promise of open.commitments) console.log("promised:", promise.promiseText);
if (open.commitments.length === 0) throw new Error("the promise is not open");
process.exit(0);
