// How much each screen takes over the wire, compressed by brotli, against what it may take.
import { readdirSync, readFileSync } from 'node:fs';
import { brotliCompressSync } from 'node:zlib';

const KB = 1000;
const BUDGETS = { first: 90 * KB, screen: 30 * KB, insight: 35 * KB, all: 250 * KB };
// What Insight shows in its frame, one at a time: each counts with the frame, as it is never there without it, and with
// what draws, where it has pictures.
const INSIGHT = { Insight: [], Drivers: ['Chart'], Repeats: ['Chart'], Kept: ['Chart'], Struggles: [], SlipUps: [], Problems: [] };
const built = new URL('../built/', import.meta.url);

const assets = new Map(
  readdirSync(new URL('assets/', built)).map((name) => {
    const bytes = readFileSync(new URL(`assets/${name}`, built));
    return [name, { bytes: brotliCompressSync(bytes).length, text: name.endsWith('.js') ? bytes.toString() : '' }];
  }),
);
const index = readFileSync(new URL('index.html', built));
const isFirst = (name) => index.includes(name);
const sum = (names) => [...names].reduce((total, name) => total + (assets.get(name)?.bytes ?? 0), 0);
// As the file's name begins: what follows is a hash.
const nameOf = (file) => file.replace(/-.{8}\.\w+$/, '');

// A file with all that it needs at once, other than what is there from the first screen on.
function whole(name, found = new Set()) {
  if (isFirst(name) || found.has(name) || !assets.has(name)) return found;
  found.add(name);
  for (const [, other] of assets.get(name).text.matchAll(/(?:from|import)\s*"\.\/([^"]+)"/g)) whole(other, found);
  return found;
}

const wrong = [];
const check = (what, bytes, budget) => {
  console.log(`${what}: ${(bytes / KB).toFixed(1)} kB of ${budget / KB}`);
  if (bytes > budget) wrong.push(what);
};
const scripts = [...assets.keys()].filter((name) => name.endsWith('.js') && !isFirst(name));
const named = (wanted) => scripts.filter((name) => nameOf(name) === wanted);
check('the board', sum([...assets.keys()].filter(isFirst)) + brotliCompressSync(index).length, BUDGETS.first);
for (const name of scripts) {
  const besides = INSIGHT[nameOf(name)];
  const all = [name, ...(besides ? ['Insight', ...besides].flatMap(named) : [])];
  check(nameOf(name), sum(new Set(all.flatMap((one) => [...whole(one)]))), besides ? BUDGETS.insight : BUDGETS.screen);
}
check('everything', sum(assets.keys()), BUDGETS.all);
if (wrong.length > 0) {
  console.error(`over budget: ${wrong.join(', ')}`);
  process.exit(1);
}
