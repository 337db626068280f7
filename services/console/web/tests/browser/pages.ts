// What the tests do with pages, and what must hold on every one of them.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { type ConsoleMessage, expect, type Locator, type Page } from '@playwright/test';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export function row(page: Page, text: string | RegExp): Locator {
  return page.getByRole('row').filter({ hasText: text });
}

// Puts the focus on a row, by its due: what else is in it leads elsewhere.
export function pick(page: Page, text: string | RegExp): Promise<void> {
  return row(page, text).getByRole('gridcell').nth(1).click();
}

// Holds what a page asks of a kind, until what is given is called.
export async function held(page: Page, path: string): Promise<() => void> {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(path, async (route) => {
    await released;
    await route.continue().catch(() => {});
  });
  return release;
}

// Gathers what a page complains of: scripts that fail, and what its policy forbids.
export function complaints(page: Page): string[] {
  const list: string[] = [];
  page.on('pageerror', (error) => list.push(String(error)));
  page.on('dialog', (dialog) => {
    list.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (message: ConsoleMessage) => {
    if (/Content Security Policy|Trusted ?Type|Unhandled/i.test(message.text())) list.push(message.text());
  });
  return list;
}

interface Axe {
  run(where: Document, options: object): Promise<{ violations: { id: string; nodes: { target: unknown; failureSummary: string }[] }[] }>;
}

// No violation of WCAG 2.2 AA that a program can find.
export async function accessible(page: Page): Promise<void> {
  // As a debugger does it: the page's policy lets no script in.
  await page.evaluate(axe);
  const found = await page.evaluate(async () => {
    const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    const { violations } = await (window as unknown as { axe: Axe }).axe.run(document, { runOnly: rules });
    return violations.map(({ id, nodes }) =>
      [id, ...nodes.slice(0, 3).map((node) => `${JSON.stringify(node.target)} ${node.failureSummary}`)].join('\n  '),
    );
  });
  expect(found).toEqual([]);
}
