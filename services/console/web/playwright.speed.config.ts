import { defineConfig } from '@playwright/test';

import usual from './playwright.config';

// How fast the console is, as figures beside their goals: nothing here passes or fails by a time.
export default defineConfig({
  ...usual,
  testDir: 'tests/speed',
  timeout: 600_000,
  reporter: [['./tests/speed/printed.ts']],
});
