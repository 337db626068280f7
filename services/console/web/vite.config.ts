import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

import { protos } from './protos.ts';

// What is needed together comes in one piece: cut up by who else needs it, it would be a good deal larger. A piece brings
// all that it needs, other than what is in a piece of a higher priority: so Insight, which counts struggles, gets what is
// `searched`, and not all that is `known`.
const PIECES = [
  { name: 'first', tags: ['$initial' as const], priority: 2 },
  { name: 'lazy', test: /src\/lib\/(catalogue|asked|paged|kept)/, priority: 1 },
  { name: 'searched', test: /src\/gen\/aftercall\/(knowledge\/v1\/search|model\/v1\/(solution|evidence))_pb/, priority: 1 },
  {
    name: 'known',
    test: /src\/(lib\/knowledge\/(words|en|services|deed|verbs|lists|masked)|parts\/knowledge\/(AsOf|Tags|Masked|Doing)|gen\/aftercall\/knowledge\/v1\/(evidence|knowledge|solutions)_pb)/,
  },
  {
    name: 'setup',
    test: /src\/(lib\/settings\/(words|en|services|shelf|change|lines|fields|calendar)|screens\/Settings|parts\/settings\/(Frame|Versions|Editor|Fields|Saving|Shadow|Hindered|Teams|Receivers|Others)\.|gen\/aftercall\/(settings|notify)\/)/,
  },
  {
    name: 'measured',
    test: /src\/(lib\/(insight\/(asking|words|frame\.en|shared\.(en|words))|behind|measuring|period)|screens\/Insight|parts\/insight\/(Reading|Series|Count)|gen\/aftercall\/insight\/v1\/(insight|measures)_pb)/,
  },
];

// The same files whoever builds them, and wherever: nothing of the machine is in them.
export default defineConfig({
  plugins: [protos(), svelte()],
  test: { include: ['tests/unit/**/*.test.ts'] },
  build: {
    outDir: '../built',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
    rolldownOptions: { output: { codeSplitting: { groups: PIECES } } },
  },
});
