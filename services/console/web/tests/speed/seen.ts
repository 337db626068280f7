// When something is on the screen: in the page, by the clock of the machine, once the frame that shows it was painted.

import type { Page } from '@playwright/test';

// What is looked for, by a selector; `gone` if it is to be there no more.
export interface Sought {
  selector: string;
  text?: string;
  gone?: boolean;
}

// Has `page` tell when it shows what is sought. What is given asks for one thing at a time, and gives the time.
export async function watch(page: Page): Promise<(sought: Sought) => Promise<number>> {
  await page.evaluate(() => {
    const painted = () =>
      new Promise<number>((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(Date.now());
        requestAnimationFrame(() => port2.postMessage(0));
      });
    const shows = ({ selector, text, gone }: { selector: string; text?: string; gone?: boolean }) => {
      const found = document.querySelector(selector);
      if (gone) return found === null;
      return found !== null && (text === undefined || (found.textContent ?? '').includes(text));
    };
    Object.assign(window, {
      sought: (one: { selector: string; text?: string; gone?: boolean }) =>
        new Promise<number>((resolve) => {
          const look = () => {
            if (!shows(one)) return false;
            seeing.disconnect();
            void painted().then(resolve);
            return true;
          };
          const seeing = new MutationObserver(look);
          seeing.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
          look();
        }),
    });
  });
  return (sought) => page.evaluate((one) => (window as unknown as { sought(one: Sought): Promise<number> }).sought(one), sought);
}
