import { expect, type Page, test } from '@playwright/test';

import { accessible, complaints } from './pages';
import { type Caller, Server } from './server';
import { published, recorded, solved } from './solved';

const lea: Caller = { token: 'token-of-lea-0123456789', tenant: 'acme', actor: 'lea', roles: ['kb_contributor'] };
const max: Caller = { token: 'token-of-max-0123456789', tenant: 'acme', actor: 'max', roles: ['kb_contributor'] };
const ada: Caller = { token: 'token-of-ada-0123456789', tenant: 'acme', actor: 'ada', roles: ['agent'] };
const crm: Caller = { token: 'token-of-crm-0123456789', tenant: 'acme', actor: 'crm', roles: ['integration', 'supervisor'] };
const server = new Server();
const known = new Server([lea, max, ada, crm]);

const cable = { asked: 'My router does not sync', resolution: 'Swap the grey cable between splitter and router, then wait two minutes.' };
const invoice = { asked: 'The invoice names the old address', resolution: 'Change the billing address under contracts and send the invoice again.', reason: 'billing.address' };
const sim = { asked: 'The card is not found', resolution: 'Clean the contacts of the card and put it in with the notch to the left.', reason: 'mobile.sim' };
const voicemail = { asked: 'Voicemail can not be reached', resolution: 'Dial star 111 and set the mailbox up again from the menu.', reason: 'mobile.voicemail' };
const callback = { asked: 'Who do I call', resolution: 'Told Name of K-7 to call +49 30 1234567 about the delivery of the modem.', reason: 'delivery.who', customer: 'K-7' };

test.beforeAll(async () => {
  await Promise.all([server.start(), known.start()]);
  recorded(server, [
    ...[1, 2, 3, 4].map((n) => solved({ ...cable, customer: `K-${n}`, ago: 60 * n })),
    ...[1, 2].map((n) => solved({ ...invoice, customer: `K-1${n}` })),
    solved(sim), solved(voicemail), solved(callback),
  ]);
  recorded(known, [solved(cable), solved(invoice)], crm.token);
});

test.afterAll(() => Promise.all([server.end(), known.end()]));

const row = (page: Page, text: string) => page.getByRole('listitem').filter({ hasText: text });
const open = async (page: Page, text: string) => {
  await page.goto(`${server.url}/review`);
  await row(page, text).getByRole('link').click();
  await expect(page.getByRole('article', { name: 'Candidate' })).toContainText(text);
};

async function signIn(page: Page, { token }: Caller) {
  await page.goto(known.url);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('link', { name: 'Review' })).toBeVisible();
}

test('candidates: what would save most is first, and keys lead through them', async ({ page }) => {
  const wrong = complaints(page);
  await page.goto(server.url);
  await page.keyboard.press('g');
  await page.keyboard.press('r');
  await expect(page).toHaveURL(/\/review$/);
  await expect(page.getByTestId('candidates')).toHaveText('5 candidates');
  await expect(page.getByRole('listitem').first()).toContainText('grey cable');
  await expect(page.getByRole('listitem').first()).toContainText('4 cases');
  await expect(page.getByRole('listitem').first()).toContainText(/saves .* a month/);
  await accessible(page);
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('article', { name: 'Candidate' })).toContainText('billing address');
  await expect(page).toHaveURL(/\/review\/[^?]+/);
  await accessible(page);
  await page.keyboard.press('n');
  await expect(page.getByRole('article', { name: 'Candidate' })).not.toContainText('billing address');
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/review$/);
  expect(wrong).toEqual([]);
});

test('personal words are marked by their kind, put back by decision, and looked at twice', async ({ page }) => {
  const wrong = complaints(page);
  await open(page, 'about the delivery of the modem');
  const candidate = page.getByRole('article', { name: 'Candidate' });
  await expect(candidate.locator('mark[title="telephone number"]').first()).toBeVisible();
  await expect(candidate).not.toContainText('1234567');
  // What the reviewer may see of the case shows what stood there.
  await candidate.getByRole('button', { name: 'Show the case' }).first().click();
  await expect(candidate.getByText('+49 30 1234567').first()).toBeVisible();

  await page.keyboard.press('p');
  await expect(page.getByRole('textbox', { name: 'What it is about, in a line' })).toBeFocused();
  await page.keyboard.type('Whom to call about a delivery');
  await page.getByRole('textbox', { name: 'What to do' }).press('Control+End');
  await page.keyboard.type(' Say when.');
  await page.getByRole('textbox', { name: /^telephone number/ }).fill('+49 30 7654321');
  await page.getByRole('textbox', { name: /^telephone number/ }).press('Enter');
  await expect(page.getByRole('textbox', { name: 'What to do' })).toHaveValue('Told [name] to call +49 30 7654321 about the delivery of the modem. Say when.');
  await page.getByRole('button', { name: 'Publish for the house' }).click();
  await expect(page.getByRole('alert')).toContainText('PERSONAL_WORDS');
  await expect(page.getByText('Some words still seem to be personal')).toBeVisible();
  await accessible(page);
  await page.getByRole('checkbox', { name: /looked at each of these/ }).check();
  await page.getByRole('button', { name: 'Publish for the house' }).click();
  await expect(page.getByText('Published:')).toBeVisible();
  await page.getByRole('link', { name: 'Whom to call about a delivery' }).click();
  await expect(page.getByRole('region', { name: 'What it says' })).toContainText('+49 30 7654321');
  expect(wrong).toEqual([]);
});

test('one is put off, taken up again, and another rejected with a reason', async ({ page }) => {
  await open(page, 'star 111');
  await page.keyboard.press('w');
  await page.getByRole('dialog', { name: 'Put off' }).getByRole('button', { name: 'Put off' }).click();
  await expect(page.getByText('Put off:')).toBeVisible();
  await expect(row(page, 'star 111')).toHaveCount(0);
  await page.goto(`${server.url}/review?state=put-off`);
  await row(page, 'star 111').getByRole('link').click();
  await page.getByRole('button', { name: 'Offer again' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Offer again' }).click();
  await expect(page.getByText('Offered again:')).toBeVisible();

  await open(page, 'notch to the left');
  await page.keyboard.press('r');
  const send = page.getByRole('dialog').getByRole('button', { name: 'Reject' });
  await expect(send).toBeDisabled();
  await page.getByRole('textbox', { name: 'Why' }).fill('Everybody knows it.');
  await send.dblclick();
  await expect(page.getByRole('dialog')).toHaveCount(0);
  await page.goto(`${server.url}/review?state=rejected`);
  await row(page, 'notch to the left').getByRole('link').click();
  await expect(page.getByText('Everybody knows it.')).toBeVisible();
});

test('a form that is half written stays, whatever happens to its candidate’s list, and when somebody looks elsewhere', async ({ page, context }) => {
  recorded(server, [solved({ asked: 'The bill is paid twice', resolution: 'Cancel the older standing order with the bank of the customer.', reason: 'billing.twice' })]);
  await open(page, 'standing order');
  const title = page.getByRole('textbox', { name: 'What it is about, in a line' });
  await page.keyboard.press('p');
  await expect(title).toBeFocused();
  await page.keyboard.type('Paid twice');
  // Somebody else puts it off: it is none of those that wait any more.
  const other = await context.newPage();
  await open(other, 'standing order');
  await other.keyboard.press('w');
  await other.getByRole('dialog', { name: 'Put off' }).getByRole('button', { name: 'Put off' }).click();
  await expect(other.getByText('Put off:')).toBeVisible();
  await page.getByRole('heading', { name: 'Candidate', exact: true }).click();
  await expect(async () => {
    await page.keyboard.press('.');
    await expect(page.getByRole('region', { name: 'Candidates', exact: true }).getByText('standing order')).toHaveCount(0, { timeout: 500 });
  }).toPass();
  await expect(page.getByRole('article', { name: 'Candidate' })).toContainText('put off');
  await expect(title).toHaveValue('Paid twice');

  await title.focus();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await expect(title).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page).toHaveURL(/\/review$/);
  await page.goBack();
  await expect(title).toHaveValue('Paid twice');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(title).toHaveCount(0);
  await page.keyboard.press('p');
  await expect(title).toHaveValue('');
});

test('what a solution says already is seen beside it, and merged', async ({ page }) => {
  published(server, 'Old address on the invoice', 'Change the billing address under contracts, then send the invoice again.');
  await open(page, 'Change the billing address');
  const similar = page.getByRole('region', { name: 'Solutions that are similar' });
  await expect(similar.getByRole('link', { name: 'Old address on the invoice' })).toBeVisible();
  await expect(similar).toContainText('What the candidate says');
  await expect(similar).toContainText('What it says');
  await similar.getByRole('button', { name: 'Merge into a solution' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Merge into a solution' }).click();
  await expect(page.getByText('Merged:')).toBeVisible();
  await page.goto(`${server.url}/solutions`);
  await row(page, 'Old address on the invoice').getByRole('link').click();
  await expect(page.getByText('Words lent by merged candidates')).toBeVisible();
});

test('a draft goes through its whole life, and what it lacks is named', async ({ page }) => {
  const wrong = complaints(page);
  await open(page, 'grey cable');
  await page.keyboard.press('p');
  await expect(page.getByRole('textbox', { name: 'What it is about, in a line' })).toBeFocused();
  await page.keyboard.type('Router does not sync');
  await page.getByRole('button', { name: 'Make a draft of it' }).click();
  await expect(page).toHaveURL(/\/solutions\/[^?]+\?version=1&edit=1/);
  await page.getByLabel('For whom').selectOption({ label: 'customers' });
  await page.getByRole('button', { name: 'Save the draft' }).click();
  await expect(page.getByText('Saved.')).toBeVisible();
  await accessible(page);

  await page.getByRole('button', { name: 'Hand in for review' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Hand in for review' }).click();
  await expect(dialog.getByRole('alert')).toContainText('SOLUTION_INCOMPLETE');
  await expect(dialog.getByRole('alert')).toContainText('customer_wording');
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await page.keyboard.press('e');
  await page.getByLabel('What may be said to a customer').fill('Please swap the grey cable.');
  await page.getByRole('button', { name: 'Save the draft' }).click();
  for (const verb of ['Hand in for review', 'Approve', 'Publish']) {
    await page.getByRole('button', { name: verb, exact: true }).click();
    await dialog.getByRole('button', { name: verb, exact: true }).click();
    await expect(dialog).toHaveCount(0);
  }
  await expect(page.getByText('published', { exact: true })).toBeVisible();
  await page.getByRole('link', { name: 'Changes' }).click();
  await expect(page.getByRole('main')).toContainText('Handed in');
  expect(wrong).toEqual([]);
});

test('flags and what is to be looked at: why, and judged', async ({ page }) => {
  const made = published(server, 'Flagged one', 'Say that it is free of charge in all cases whatsoever.');
  server.command(['solutions', 'flag', made.solution_id, '--version', '1', '--kind', 'wrong', '--note', 'It costs ten.']);
  await page.goto(`${server.url}/review?list=queue`);
  await expect(row(page, 'Flagged one')).toContainText('flagged');
  await accessible(page);
  await page.goto(`${server.url}/review?list=flags`);
  await expect(page.getByText('It costs ten.')).toBeVisible();
  await page.keyboard.press('j');
  await accessible(page);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByRole('dialog').getByRole('textbox').fill('Yes, ten.');
  await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
  await expect(page.getByText('No flag is in this state.')).toBeVisible();
  await page.getByLabel('State').selectOption('confirmed');
  await expect(page).toHaveURL(/state=confirmed/);
  await expect(page.getByText('Yes, ten.')).toBeVisible();
});

test('what somebody has taken is theirs, and it is said until when', async ({ browser }) => {
  const [hers, his] = await Promise.all([browser.newContext(), browser.newContext()]);
  const [one, other] = await Promise.all([hers.newPage(), his.newPage()]);
  await signIn(one, lea);
  await signIn(other, max);
  for (const page of [one, other]) {
    await page.goto(`${known.url}/review`);
    await row(page, 'grey cable').getByRole('link').click();
    await expect(page.getByRole('article', { name: 'Candidate' })).toBeVisible();
  }
  await one.keyboard.press('t');
  await one.getByRole('dialog').getByRole('button', { name: '+1 day' }).click();
  await one.getByRole('dialog').getByRole('button', { name: 'Take' }).click();
  await expect(one.getByText(/lea has it until/)).toBeVisible();
  await other.keyboard.press('r');
  await other.getByRole('textbox', { name: 'Why' }).fill('No.');
  await other.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
  await expect(other.getByText('Somebody else changed it meanwhile.')).toBeVisible();
  await expect(other.getByRole('dialog')).toContainText('taken, lea has it until');
  await other.goto(`${known.url}/review?state=claimed`);
  await expect(row(other, 'grey cable')).toContainText('lea has it until');
  await Promise.all([hers.close(), his.close()]);
});

test('whoever may hear of no promises is not taken for cut off, in any tab', async ({ browser }) => {
  const context = await browser.newContext();
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.clock.install();
  await second.clock.install();
  await signIn(first, lea);
  await first.goto(`${known.url}/review`);
  await second.goto(`${known.url}/review`);
  for (const page of [first, second]) {
    await row(page, 'billing address').getByRole('link').click();
    await page.clock.fastForward(20_000);
  }
  for (const page of [first, second]) {
    await expect(page.getByText(/Not heard from the server/)).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Reject' })).toHaveAttribute('aria-disabled', 'false');
  }
  await known.kill();
  for (const page of [first, second]) await expect(page.getByText(/Not heard from the server/)).toBeVisible({ timeout: 30_000 });
  await known.start();
  for (const page of [first, second]) await expect(page.getByText(/Not heard from the server/)).toHaveCount(0, { timeout: 30_000 });
  await context.close();
});

test('what the roles do not allow is not offered', async ({ page }) => {
  await signIn(page, ada);
  await page.goto(`${known.url}/review`);
  await expect(page.getByRole('link', { name: 'Flags' })).toHaveCount(0);
  await row(page, 'billing address').getByRole('link').click();
  await expect(page.getByRole('button', { name: 'Reject' })).toHaveAttribute('aria-disabled', 'true');
  await expect(page.getByRole('button', { name: 'Make a solution of it' })).toHaveCount(0);
});
