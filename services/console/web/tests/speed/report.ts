// Figures beside their goals, as the other benchmarks print them.

const JSON_LINES = process.env.SPEED_JSON !== undefined;
let begun = false;

export function add(name: string, value: number, unit: string, most?: number): void {
  const met = most === undefined ? null : value <= most;
  const goal = most === undefined ? '' : `<= ${most}`;
  if (JSON_LINES) {
    console.log(JSON.stringify({ name, value, unit, against: null, ratio: null, goal, met }));
    return;
  }
  if (!begun) console.log(`${'what'.padEnd(44)} ${'value'.padStart(9)} ${'unit'.padEnd(5)} goal`);
  begun = true;
  const verdict = met === null ? '' : met ? 'met' : 'MISSED';
  console.log(`${name.padEnd(44)} ${value.toFixed(1).padStart(9)} ${unit.padEnd(5)} ${goal} ${verdict}`);
}

// The value that so many in a hundred do not exceed.
export function percentile(values: number[], percent: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] ?? Number.NaN;
}
