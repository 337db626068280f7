// What the measurements print, and nothing of the tests that they are run as.

import type { Reporter, TestCase, TestError, TestResult } from '@playwright/test/reporter';

export default class Printed implements Reporter {
  onStdOut(chunk: string | Buffer): void {
    process.stdout.write(chunk);
  }

  onStdErr(chunk: string | Buffer): void {
    process.stderr.write(chunk);
  }

  onError(error: TestError): void {
    process.stderr.write(`${error.stack ?? error.message ?? ''}\n`);
  }

  onTestEnd(test: TestCase, { errors }: TestResult): void {
    for (const { stack, message } of errors) process.stderr.write(`${test.title}: ${stack ?? message ?? ''}\n`);
  }

  printsToStdio(): boolean {
    return true;
  }
}
