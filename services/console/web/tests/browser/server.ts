// A real server, on data of its own, that the tests fill as a CRM would and may kill.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const BINARY = process.env.AFTERCALL_BINARY ?? '';

export interface Caller {
  token: string;
  tenant: string;
  actor: string;
  roles: string[];
}

export class Server {
  readonly #dir = mkdtempSync(join(tmpdir(), 'aftercall-console-'));
  readonly #callers: Caller[];
  readonly #configured: boolean;
  readonly #roles: string[];
  #child: ChildProcess | undefined;
  // Where it listens; chosen by the first start, and kept.
  #listen = '127.0.0.1:0';
  url = '';

  // `config` is given the directory, and gives the configuration that is to hold. Without `roles` it serves all.
  constructor(callers: Caller[] = [], config?: (dir: string) => string, roles: string[] = []) {
    this.#callers = callers;
    this.#roles = roles;
    if (config) writeFileSync(join(this.#dir, 'aftercall.toml'), config(this.#dir));
    this.#configured = config !== undefined;
    if (callers.length > 0) writeFileSync(join(this.#dir, 'credentials.toml'), callers.map(entry).join('\n'));
  }

  async start(): Promise<this> {
    if (BINARY === '') throw new Error('AFTERCALL_BINARY must name the program: cargo xtask console --browser does so');
    const known = this.#callers.length > 0 ? ['--credentials', join(this.#dir, 'credentials.toml')] : [];
    const data = join(this.#dir, 'data');
    const config = this.#configured ? ['--config', join(this.#dir, 'aftercall.toml')] : [];
    const child = spawn(
      BINARY,
      ['serve', ...this.#roles, '--listen', this.#listen, '--metrics-listen', '127.0.0.1:0', '--data', data, ...known, ...config],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, AFTERCALL_TELEMETRY__FILTER: 'error' } },
    );
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      // Some of the roles alone have no console: those are asked by programs.
      const found = / console=(\S+)/.exec(line) ?? (this.#roles.length > 0 ? / grpc=(\S+)/.exec(line) : null);
      if (found?.[1] === undefined) throw new Error(`no console: ${line}`);
      this.url = found[1].replace(/\/$/, '');
      this.#listen = new URL(this.url).host;
      return this;
    }
    throw new Error('the server ended before it was ready');
  }

  // Ends it as a crash would.
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  async end(): Promise<void> {
    await this.kill();
    rmSync(this.#dir, { recursive: true, force: true });
  }

  // Records contacts, as a CRM would; each is there when this returns.
  record(contacts: object[], token?: string): void {
    const input = contacts.map((interaction) => JSON.stringify({ interaction })).join('\n');
    this.command(['record', '-'], token, input);
  }

  command(args: string[], token?: string, input?: string): string {
    const env = { ...process.env, ...(token ? { AFTERCALL_TOKEN: token } : {}) };
    const options = { env, maxBuffer: 1 << 28, encoding: 'utf8' as const, ...(input === undefined ? {} : { input }) };
    return execFileSync(BINARY, [...args, '--server', this.url], options);
  }
}

function entry({ token, tenant, actor, roles }: Caller): string {
  const sha256 = createHash('sha256').update(token).digest('hex');
  const list = roles.map((role) => `"${role}"`).join(', ');
  return `[[token]]\nsha256 = "${sha256}"\ntenant = "${tenant}"\nactor = "${actor}"\nkind = "SUPERVISOR"\nroles = [${list}]\nteams = ["billing"]\nsites = ["lyon"]\n`;
}

export interface Promised {
  text: string;
  customer?: string;
  // When it is due, in minutes from now; below 0 if that has passed.
  dueIn: number;
  agent?: string;
  team?: string;
  id?: string;
}

// A contact of some time ago in which something was promised.
export function contact({ text, customer = 'C-1001', dueIn, agent = 'a.marsh', team = 'billing', id }: Promised): object {
  const minutes = (n: number) => new Date(Date.now() + n * 60_000).toISOString();
  return {
    external_ref: { source_system: 'crm', external_id: randomUUID() },
    channel: 'CHANNEL_VOICE',
    direction: 'DIRECTION_INBOUND',
    customer: { customer_id: customer, display_name: `Name of ${customer}`, time_zone: 'America/New_York' },
    agent_id: agent,
    team_id: team,
    site_id: 'lyon',
    occurred_at: minutes(Math.min(-5, dueIn - 60)),
    contact_reasons: [{ code: 'billing.double_charge', primary: true, stated_verbatim: `charged twice: ${text}` }],
    handling: { summary: `Charged twice. ${text}` },
    disposition: { code: 'follow_up' },
    sentiment: { start: -2, end: -3 },
    commitments: [
      {
        ...(id === undefined ? {} : { commitment_id: id }),
        kind: 'COMMITMENT_KIND_CALL_BACK',
        promise_text: text,
        told_to_customer: true,
        promised_by: minutes(dueIn),
        time_zone: 'America/New_York',
      },
    ],
  };
}
