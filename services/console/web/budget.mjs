// How much each screen takes over the wire, compressed by brotli, against what it may take.
import { readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

const KB = 1000;
const BUDGETS = { first: 90 * KB, screen: 30 * KB, all: 250 * KB };
const built = new URL('../built/', import.meta.url);

const files = new Map(
  readdirSync(new URL('assets/', built)).map((name) => [
    name,
    brotliCompressSync(readFileSync(new URL(`assets/${name}`, built))).length,
  ]),
);
const index = readFileSync(new URL('index.html', built));
const first = [...files].filter(([name]) => index.includes(name));
const rest = [...files].filter(([name]) => !index.includes(name));
const sum = (list) => list.reduce((total, [, bytes]) => total + bytes, 0);

const wrong = [];
const check = (what, bytes, budget) => {
  console.log(`${what}: ${(bytes / KB).toFixed(1)} kB of ${budget / KB}`);
  if (bytes > budget) wrong.push(what);
};
check('the board', sum(first) + brotliCompressSync(index).length, BUDGETS.first);
for (const [name, bytes] of rest) if (name.endsWith('.js')) check(name, bytes, BUDGETS.screen);
check('everything', sum([...files]), BUDGETS.all);
if (wrong.length > 0) {
  console.error(`over budget: ${wrong.join(', ')}`);
  process.exit(1);
}
