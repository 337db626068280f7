import { defineConfig } from '@playwright/test';

// One server a file of tests, one file after the other: a machine of two cores has no room for more.
export default defineConfig({
  testDir: 'tests/browser',
  outputDir: 'test-results',
  // One name on every system: all pictures are of Debian's Chromium, and compared nowhere else.
  snapshotPathTemplate: 'tests/browser/pictures/{arg}{ext}',
  workers: 1,
  timeout: 60_000,
  retries: 0,
  reporter: [['list']],
  expect: { timeout: 15_000 },
  use: {
    browserName: 'chromium',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
    viewport: { width: 1280, height: 800 },
    launchOptions: { executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] },
  },
});
