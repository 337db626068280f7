import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// What the first screen needs, and all others with it: one file of it is smaller than many, and named once.
const FIRST = [
  /node_modules/,
  /src\/lib\/(act|alarm|board|client|due|en|failure|keys|live|prefs|router|session|time|words)\./,
  /src\/parts\/(ActDialog|AlertList|Dialog|Failed|Frame|Rows|Skeleton|Stamp)\./,
  /src\/screens\/(Board|SignIn)\./,
];

// The same files whoever builds them, and wherever: nothing of the machine is in them.
export default defineConfig({
  plugins: [svelte()],
  test: { include: ['tests/unit/**/*.test.ts'] },
  build: {
    outDir: '../built',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    sourcemap: false,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: 'first', test: (id) => FIRST.some((one) => one.test(id.replaceAll('\\', '/'))) }] } },
    },
  },
});
