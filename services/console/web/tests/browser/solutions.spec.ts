import { expect, type Page, test } from '@playwright/test';

import { accessible, complaints } from './pages';
import { type Caller, Server } from './server';
import { published, read, recorded, solved } from './solved';

const EVIL = `<img src=x onerror="alert(1)"><script>alert(2)</script>`;
const expert: Caller = { token: 'token-of-eva-0123456789', tenant: 'acme', actor: 'eva', roles: ['kb_domain_expert', 'team_lead'] };
const officer: Caller = { token: 'token-of-olaf-0123456789', tenant: 'acme', actor: 'olaf', roles: ['compliance_officer'] };
const agent: Caller = { token: 'token-of-abel-0123456789', tenant: 'acme', actor: 'abel', roles: ['agent'] };
const crm: Caller = { token: 'token-of-crm-0123456789', tenant: 'acme', actor: 'crm', roles: ['integration', 'supervisor'] };
const server = new Server();
const known = new Server([expert, officer, agent, crm]);
let router = { solution_id: '', version: 1 };

test.beforeAll(async () => {
  await Promise.all([server.start(), known.start()]);
  router = published(server, 'Router does not sync', 'Swap the grey cable, then wait two minutes.', ['--question', 'My router does not sync', '--language', 'de']);
  published(server, 'Invoice shows the old address', 'Change the billing address under contracts.', ['--say', 'We change it.', '--audience', 'internal']);
  published(server, EVIL, EVIL);
  const used = [{ id: router.solution_id, version: 1 }];
  recorded(server, [1, 2, 3].map((n) => solved({ asked: 'No sync', resolution: '', customer: `U-${n}`, agent: `agent-${n}`, ago: 60 * n, used })));
  // Eight days ago: whether those customers came back is known by now.
  recorded(server, [1, 2, 3, 4].map((n) => solved({ asked: 'No sync', resolution: '', customer: `W-${n}`, agent: `agent-${n}`, ago: 60 * 24 * 8, used })));
});

test.afterAll(() => Promise.all([server.end(), known.end()]));

const row = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });
const at = (id: string, query = '') => `${server.url}/solutions/${id}${query}`;

async function signIn(page: Page, { token }: Caller) {
  await page.goto(known.url);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('link', { name: 'Solutions' })).toBeVisible();
}

test('solutions by words and filters, which stand in the address', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.keyboard.press('g');
  await page.keyboard.press('k');
  await expect(page.getByTestId('solutions')).toHaveText('3 solutions');
  await expect(row(page, 'Router does not sync')).toContainText('used 7 times');
  await expect(row(page, 'Invoice shows')).toContainText('never used');
  await accessible(page);
  await page.keyboard.press('/');
  await page.keyboard.type('grey cable');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/q=grey\+cable/);
  await expect(row(page, 'Router does not sync')).toBeVisible();
  await expect(row(page, 'Invoice shows')).toHaveCount(0);
  await page.getByRole('link', { name: 'Clear filters' }).click();
  await page.getByLabel('Language').fill('fr');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/language=fr/);
  await expect(row(page, 'Router does not sync')).toHaveCount(0);
  await page.goto(`${server.url}/solutions?unverified=1`);
  await expect(page.getByText('No solution fits.')).toBeVisible();
  await page.goto(`${server.url}/solutions?state=retired`);
  await expect(page.getByText('No solution fits.')).toBeVisible();
  await page.keyboard.press('t');
  await page.keyboard.type('my router does not sync any more');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('region', { name: 'Try a question' })).toContainText('Router does not sync');
  await accessible(page);
  expect(wrong).toEqual([]);
});

test('how well it works is told by the lower bound, and by version', async ({ page }) => {
  await page.goto(at(router.solution_id, '?show=evidence'));
  // Four of four that are known: Wilson's interval begins at 51 %.
  await expect(page.getByTestId('lower')).toHaveText('At least 51% of its uses work');
  await expect(page.getByRole('img', { name: /4 worked/ })).toBeVisible();
  await accessible(page);
  await page.getByRole('link', { name: 'Uses' }).click();
  await expect(row(page, 'U-1')).toContainText('not known yet');
  await expect(row(page, 'W-1')).toContainText('worked');
  await accessible(page);
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/customer\/U-/);
});

test('whether uses were right is judged beside what the solution says', async ({ page }) => {
  const wrong = complaints(page);
  const made = published(server, 'Water on the floor', 'Close the tap under the sink.');
  const used = [{ id: made.solution_id, version: 1 }];
  recorded(server, ['kitchen', 'bath'].map((room, n) => solved({ asked: `There is a puddle in the ${room}`, resolution: '', customer: `L-${n}`, used })));
  await page.goto(at(made.solution_id, '?show=evidence'));
  const links = page.getByRole('region', { name: 'Was it the right one?' });
  await expect(links).toContainText('Close the tap under the sink.');
  const one = links.getByRole('listitem').filter({ hasText: 'kitchen' });
  await one.getByRole('button', { name: 'Fits' }).click();
  await expect(links.getByText('1 of 1 judged uses fit')).toBeVisible();
  await expect(one.getByRole('button', { name: 'Fits' })).toHaveAttribute('aria-pressed', 'true');
  await accessible(page);
  // The last verdict counts.
  await one.getByRole('button', { name: 'Does not fit' }).click();
  await expect(links.getByText('0 of 1 judged uses fit')).toBeVisible();
  await page.reload();
  await expect(links.getByRole('listitem').filter({ hasText: 'bath' })).toBeVisible();
  await expect(one).toHaveCount(0);
  expect(wrong).toEqual([]);
});

test('versions: the next one is written, compared, published, and gone back from', async ({ page }) => {
  const wrong = complaints(page);
  const made = published(server, 'Reset the mailbox', 'Dial star 111 and choose two.');
  await page.goto(at(made.solution_id));
  await expect(page.getByRole('heading', { name: 'Reset the mailbox' })).toBeVisible();
  await page.keyboard.press('e');
  await page.getByRole('dialog').getByRole('button', { name: 'Write the next version' }).click();
  await expect(page.getByLabel('What to do')).toHaveValue('Dial star 111 and choose two.');
  await page.getByLabel('What to do').fill('Dial star 111 and choose three.');
  // What was typed stays while one looks elsewhere.
  await page.getByRole('link', { name: 'Board' }).click();
  await page.goBack();
  await expect(page.getByLabel('What to do')).toHaveValue('Dial star 111 and choose three.');
  await page.getByRole('button', { name: 'Save the draft' }).click();
  for (const verb of ['Approve', 'Publish']) {
    await page.getByRole('button', { name: verb, exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
    await expect(page.getByRole('dialog')).toHaveCount(0);
  }
  await page.getByRole('link', { name: 'Versions' }).click();
  await page.getByRole('link', { name: 'Compare with the one before' }).click();
  await expect(page.locator('del').first()).toContainText('two');
  await expect(page.locator('ins').first()).toContainText('three');
  await accessible(page);
  await page.getByRole('link', { name: 'Version 1', exact: true }).click();
  await page.getByRole('button', { name: 'Go back to this' }).click();
  await page.getByRole('textbox', { name: 'Why' }).fill('Three is wrong.');
  await page.getByRole('dialog').getByRole('button', { name: 'Go back to this' }).click();
  await expect(page.getByRole('region', { name: 'What it says' })).toContainText('choose two');
  await expect(page.getByText('Version 3', { exact: true }).first()).toBeVisible();
  expect(wrong).toEqual([]);
});

test('somebody else wrote meanwhile: both are shown, field by field', async ({ page }) => {
  const draft = read(server.command(['solutions', 'draft', '--title', 'Written by two', '--resolution', 'One.', '--json']));
  await page.goto(at(draft.solution_id, '?version=1&edit=1'));
  await page.getByLabel('What to do').fill('Mine.');
  server.command(['solutions', 'edit', draft.solution_id, '--resolution', 'Theirs.']);
  await page.getByRole('button', { name: 'Save the draft' }).click();
  await expect(page.getByText('Somebody else wrote in it meanwhile.')).toBeVisible();
  await expect(page.getByRole('alert')).toContainText('Mine.');
  await expect(page.getByRole('alert')).toContainText('Theirs.');
  await accessible(page);
  await page.getByRole('button', { name: 'Save mine over it' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await expect(page.getByRole('region', { name: 'What it says' })).toContainText('Mine.');

  // A command that was decided on by what is old is asked for again.
  await page.getByRole('button', { name: 'Approve' }).click();
  server.command(['solutions', 'edit', draft.solution_id, '--resolution', 'Theirs again.']);
  await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
  await expect(page.getByText('Somebody else changed it meanwhile.')).toBeVisible();
  await page.getByRole('button', { name: 'Do it all the same' }).click();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'What it says' })).toContainText('Theirs again.');
});

test('a recall says what it does, to how many, and what was promised to them', async ({ page }) => {
  const wrong = complaints(page);
  const made = published(server, 'Waive the fee', 'Say that the fee is waived.');
  const used = [{ id: made.solution_id, version: 1 }];
  recorded(server, [1, 2].map((n) => solved({ asked: 'Why the fee', resolution: '', customer: `R-${n}`, ago: 30 * n, used })));
  await page.goto(at(made.solution_id));
  await page.getByRole('button', { name: 'Recall' }).click();
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('is not found any more at once');
  await expect(dialog).toContainText('2 customers and contacts were told this version.');
  const send = dialog.getByRole('button', { name: 'Recall' });
  await expect(send).toBeDisabled();
  await dialog.getByLabel('What harm').selectOption({ label: 'it cost money' });
  await dialog.getByRole('textbox', { name: 'Why' }).fill('The fee stays.');
  await accessible(page);
  await send.click();
  await expect(page.getByTestId('told')).toHaveText('2 customers and contacts were told it');
  await expect(page.getByTestId('promised')).toHaveText('2 promises were made to put it right', { timeout: 40_000 });
  await accessible(page);
  await row(page, 'R-1').getByRole('link').click();
  await expect(page).toHaveURL(/\/promise\//);
  await expect(page.getByRole('heading', { name: 'Correct what was said' })).toBeVisible();
  await page.goto(`${server.url}/solutions?q=waive+the+fee`);
  await expect(row(page, 'Waive the fee')).toHaveCount(0);
  expect(wrong).toEqual([]);
});

test('one is retired for another, found where it leads, and taken into use again', async ({ page }) => {
  const old = published(server, 'Old way to pay', 'Send a cheque.');
  published(server, 'New way to pay', 'Pay by direct debit.');
  await page.goto(at(old.solution_id));
  await page.getByRole('button', { name: 'Retire' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('searchbox').fill('pay by direct debit');
  await dialog.getByRole('searchbox').press('Enter');
  await dialog.getByRole('radio', { name: 'New way to pay' }).check();
  await dialog.getByRole('textbox', { name: 'Why' }).fill('Nobody takes cheques.');
  await dialog.getByRole('button', { name: 'Retire' }).click();
  await expect(page.getByText(`${old.solution_id} leads here.`)).toBeVisible();
  await page.getByRole('link', { name: 'Show that one itself' }).click();
  await page.getByRole('button', { name: 'Take into use again' }).click();
  await dialog.getByRole('textbox', { name: 'Why' }).fill('They do.');
  await dialog.getByRole('button', { name: 'Take into use again' }).click();
  await expect(page.getByRole('button', { name: 'Retire' })).toBeVisible();
});

test('one is begun on a blank page, vouched for, and verified against its source', async ({ page }) => {
  await page.goto(`${server.url}/solutions`);
  await page.getByRole('button', { name: 'Begin a solution' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('textbox').fill('How long a return takes');
  await dialog.getByRole('button', { name: 'Begin a solution' }).click();
  await page.getByLabel('What to do').fill('Say that it takes a week.');
  await page.getByLabel('Sources').fill('https://rules.example/returns The rules');
  await page.getByRole('button', { name: 'Save the draft' }).click();
  for (const verb of ['Approve', 'Publish', 'Vouch for it']) {
    await page.getByRole('button', { name: verb, exact: true }).click();
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    await expect(dialog).toHaveCount(0);
  }
  await expect(page.getByText('validated', { exact: true })).toBeVisible();
  await page.getByRole('button', { name: 'Verify' }).click();
  await dialog.getByRole('checkbox', { name: 'The rules' }).check();
  await dialog.getByLabel('or of a file').setInputFiles({ name: 'rules.txt', mimeType: 'text/plain', buffer: Buffer.from('a week') });
  await expect(dialog.getByLabel(/^SHA-256/)).toHaveValue(/^[0-9a-f]{64}$/);
  await accessible(page);
  await dialog.getByRole('button', { name: 'Verify' }).click();
  await expect(dialog).toHaveCount(0);
  await expect(page.getByRole('region', { name: 'Who and when' })).toContainText('Last verified');
});

test('two that say the same become one, and two again', async ({ page }) => {
  const one = published(server, 'Where the meter is', 'It is in the cellar.');
  const other = published(server, 'Where to read the meter', 'Down in the cellar.');
  await page.goto(at(one.solution_id));
  await page.getByRole('button', { name: 'Merge into another' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Solution (id)').fill(other.solution_id);
  await dialog.getByRole('textbox', { name: 'Why' }).fill('The same.');
  await dialog.getByRole('button', { name: 'Merge into another' }).click();
  await expect(page).toHaveURL(new RegExp(other.solution_id));
  await page.goto(at(one.solution_id, '?itself=1'));
  await page.getByRole('button', { name: 'Undo the merge' }).click();
  await dialog.getByRole('textbox', { name: 'Why' }).fill('Not quite.');
  await dialog.getByRole('button', { name: 'Undo the merge' }).click();
  await expect(page.getByText('published', { exact: true })).toBeVisible();
});

test('thousands of uses are a list like any other', async ({ page }) => {
  test.setTimeout(120_000);
  const made = published(server, 'Used by everybody', 'Say yes.');
  const used = [{ id: made.solution_id, version: 1 }];
  recorded(server, Array.from({ length: 1_500 }, (_, n) => solved({ asked: 'May I', resolution: '', customer: `M-${n}`, ago: 5 + n, used })));
  await page.goto(at(made.solution_id, '?show=uses'));
  await expect(row(page, 'M-0 ')).toBeVisible();
  const list = page.getByRole('region', { name: 'Uses' });
  await expect(async () => {
    await list.evaluate((one) => one.scrollTo(0, one.scrollHeight));
    await expect(row(page, 'M-1499 ')).toBeVisible({ timeout: 300 });
  }).toPass();
  // What is not seen is not there.
  expect(await page.getByRole('listitem').count()).toBeLessThan(60);
});

test('nothing is changed while the connection is lost', async ({ page }) => {
  const made = published(server, 'Read while offline', 'Wait.');
  await page.goto(at(made.solution_id));
  const retire = page.getByRole('button', { name: 'Retire' });
  await expect(retire).toHaveAttribute('aria-disabled', 'false');
  await server.kill();
  await expect(page.getByText(/Not heard from the server for/)).toBeVisible({ timeout: 30_000 });
  await expect(retire).toHaveAttribute('aria-disabled', 'true');
  await expect(retire).toHaveAttribute('title', 'Not while the connection is lost');
  await page.getByRole('button', { name: 'Read again' }).click();
  await expect(page.getByRole('alert')).toContainText('That did not work');
  await server.start();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(retire).toHaveAttribute('aria-disabled', 'false', { timeout: 30_000 });
});

test('what law governs is approved by somebody else, and roles are kept', async ({ browser }) => {
  const made = read(
    known.command(
      ['solutions', 'draft', '--title', 'Right to withdraw', '--resolution', 'Fourteen days.', '--governance', 'compliance-based', '--source', 'https://law.example/355', '--checked', '1d', '--verify-by', '180d', '--json'],
      officer.token,
    ),
  );
  const page = await (await browser.newContext()).newPage();
  await signIn(page, officer);
  await page.goto(`${known.url}/solutions/${made.solution_id}?version=1`);
  const approve = page.getByRole('button', { name: 'Approve', exact: true });
  await expect(approve).toHaveAttribute('aria-disabled', 'true');
  await expect(approve).toHaveAttribute('title', /Somebody else has to approve/);
  const other = await (await browser.newContext()).newPage();
  const easy = published(known, 'Open to all', 'Say hello.', [], crm.token);
  await signIn(other, agent);
  await other.goto(`${known.url}/solutions/${easy.solution_id}`);
  await expect(other.getByRole('button', { name: 'Recall' })).toHaveAttribute('aria-disabled', 'true');
  await expect(other.getByRole('button', { name: 'Flag' })).toHaveAttribute('aria-disabled', 'false');
  await expect(other.getByRole('link', { name: 'Versions' })).toHaveCount(0);
  await other.getByRole('link', { name: 'Evidence' }).click();
  await expect(other.getByRole('heading', { name: 'How far it can be trusted' })).toBeVisible();
  await expect(other.getByRole('heading', { name: 'Was it the right one?' })).toHaveCount(0);
  await other.goto(`${known.url}/solutions/${made.solution_id}?version=1`);
  await expect(other.getByRole('main')).toContainText(/There is no such solution|may/);
  await Promise.all([page.context().close(), other.context().close()]);
});

test('markup in any text is text, in German, in the dark, and narrow', async ({ page }) => {
  test.setTimeout(150_000);
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.evaluate(() => localStorage.setItem('aftercall.preferences', JSON.stringify({ theme: 'dark', language: 'de' })));
  await page.goto(`${server.url}/solutions`);
  await expect(page.getByRole('heading', { name: 'Lösungen' })).toBeVisible();
  await expect(page.getByText('onerror').first()).toBeVisible();
  for (const size of [{ width: 1280, height: 800 }, { width: 640, height: 400 }, { width: 320, height: 640 }]) {
    await page.setViewportSize(size);
    const one = `/solutions/${router.solution_id}`;
    for (const path of ['/solutions', one, `${one}?show=evidence`, `${one}?show=versions&to=1`, `${one}?show=uses`, `${one}?show=changes`, '/review', '/review?list=drafts', '/review?list=queue', '/review?list=flags']) {
      await page.goto(server.url + path);
      await expect(page.getByRole('main').getByRole('heading').first()).toBeAttached();
      await expect(page.locator('[aria-busy=true]')).toHaveCount(0);
      await accessible(page);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(over, `${path} at ${size.width}`).toBeLessThanOrEqual(0);
    }
  }
  expect(wrong).toEqual([]);
});
