import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { findChromium, type OpenPage, openBrowser, PUBLIC_NAME, type TestBrowser } from '../utils/browser.ts';
import { deferred } from '../utils/deferred.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { optional } from '../utils/optional.ts';
import { createShop } from '../utils/shop.ts';
import { startTestGateway, TEST_KEY, type TestGateway } from '../utils/test-gateway.ts';

const PATIENCE = { timeout: 10_000 };

/** A stream whose events the test lets go one by one. It ends when it is closed. */
function createTicks() {
  const ticks = [deferred<number>(), deferred<number>(), deferred<number>()] as const;
  const opened = deferred();
  const closed = deferred();
  const open = (): AsyncIterableIterator<unknown> => {
    opened.resolve();
    const waiting = [...ticks];
    const end = closed.promise.then(() => ({ value: undefined, done: true as const }));
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next: () => Promise.race([waiting.shift()?.promise.then((value) => ({ value, done: false })) ?? end, end]),
      async return() {
        closed.resolve();
        return { value: undefined, done: true };
      },
    };
  };
  return { ticks, open, opened: opened.promise, closed: closed.promise };
}

const chromium = findChromium();

optional('chromium', chromium)('GraphiQL in a browser without a network', () => {
  let browser: TestBrowser;
  let gateway: TestGateway;
  let stream: ReturnType<typeof createTicks>;
  let opened: OpenPage | undefined;

  beforeAll(async () => {
    const shop = createShop();
    const ticker = createMemorySource({
      name: 'ticker',
      kind: 'grpc',
      sdl: 'type Query { ticks: Int } type Subscription { tick: Int! }',
      unary: { 'Query.ticks': () => stream.ticks.length },
      streams: { 'Subscription.tick': () => stream.open() },
    });
    gateway = await startTestGateway([...shop.sources, ticker], shop.links);
    browser = await openBrowser(chromium ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.close();
  });

  beforeEach(() => {
    stream = createTicks();
    opened = undefined;
  });
  afterEach(() => opened?.page.context().close());

  /** The page, once it has asked for the schema and can be used. */
  async function open(url = gateway.url): Promise<Page> {
    opened = await browser.open(url);
    await runButton(opened.page).waitFor();
    return opened.page;
  }

  function expectInnocence() {
    expect(opened?.strayRequests).toEqual([]);
    expect(opened?.complaints).toEqual([]);
  }

  it('comes up with the key in its headers and the example in its editor', async () => {
    const page = await open();
    expect(await page.title()).toBe('Skein GraphiQL');
    await expect.poll(() => textOf(headersEditor(page)), PATIENCE).toContain(`"Authorization": "Bearer ${TEST_KEY}"`);
    expect(await textOf(queryEditor(page))).toContain('__typename');
    await screenshot(page, 'start');
    expectInnocence();
  });

  it('runs a query that joins sources and shows the answer', async () => {
    const page = await open();
    await write(page, queryEditor(page), '{ product(sku: "lamp-01") { name stock { quantity } reviews { text } } }');
    await runButton(page).click();
    await expect.poll(() => textOf(answer(page)), PATIENCE).toContain('"name": "Lamp"');
    expect(await textOf(answer(page))).toContain('"quantity": 7');
    expect(await textOf(answer(page))).toContain('"text": "Too bright"');
    await screenshot(page, 'query');
    expectInnocence();
  });

  it('shows the types of the graph, which it was given for the key', async () => {
    const page = await open();
    await page.getByLabel('Show Documentation Explorer').click();
    await page.getByRole('link', { name: 'StockChange', exact: true }).click();
    await page.getByRole('link', { name: 'Product', exact: true }).click();
    await page.getByRole('link', { name: 'reviews', exact: true }).waitFor();
    await screenshot(page, 'documentation');
    expectInnocence();
  });

  it('knows the schema while one types: its workers run', async () => {
    const page = await open();
    await write(page, queryEditor(page), '{ product(sku: "lamp-01") { name colou } }');
    await page.locator('.squiggly-error').waitFor();
    await screenshot(page, 'mistake');
    expectInnocence();
  });

  it('shows each event of a subscription as it comes, and closes the source when it is stopped', async () => {
    const page = await open();
    await write(page, queryEditor(page), 'subscription { tick }');
    await runButton(page).click();
    await stream.opened;
    for (const [index, tick] of stream.ticks.entries()) {
      tick.resolve(index + 100);
      await expect.poll(() => textOf(answer(page)), PATIENCE).toContain(`"tick": ${index + 100}`);
    }
    await screenshot(page, 'subscription');
    await stopButton(page).click();
    await stream.closed;
    await runButton(page).waitFor();
    expectInnocence();
  });

  it('closes the source of a subscription when the page goes', async () => {
    const page = await open();
    await write(page, queryEditor(page), 'subscription { tick }');
    await runButton(page).click();
    await stream.opened;
    await page.close();
    await stream.closed;
  });

  it('keeps what one typed when it is loaded again, but keys out of the storage and queries out of the address', async () => {
    const page = await open();
    await write(page, queryEditor(page), '{ ticks }');
    const storage = () => page.evaluate('JSON.stringify({ ...localStorage })');
    await expect.poll(storage, PATIENCE).toContain('{ ticks }');
    expect(await storage()).not.toContain(TEST_KEY);
    expect(page.url()).toBe(gateway.url);
    await page.reload();
    await expect.poll(() => textOf(queryEditor(page)), PATIENCE).toContain('{ ticks }');
    await expect.poll(() => textOf(headersEditor(page)), PATIENCE).toContain(TEST_KEY);
    await runButton(page).click();
    await expect.poll(() => textOf(answer(page)), PATIENCE).toContain('"ticks": 3');
    expectInnocence();
  });

  it('leaves a place for the key when it is opened by a public name, and works with the one that is typed', async () => {
    const page = await open(gateway.url.replace('127.0.0.1', PUBLIC_NAME));
    await expect.poll(() => textOf(headersEditor(page)), PATIENCE).toContain('Bearer <your API key>');
    expect(await page.content()).not.toContain(TEST_KEY);
    await expect.poll(() => textOf(answer(page)), PATIENCE).toContain('UNAUTHENTICATED');
    await screenshot(page, 'public-name');
    await write(page, headersEditor(page), `{ "Authorization": "Bearer ${TEST_KEY}" }`);
    await page.getByLabel('Re-fetch GraphQL schema').click();
    await runButton(page).click();
    await expect.poll(() => textOf(answer(page)), PATIENCE).toContain('"__typename": "Query"');
    expect(opened?.strayRequests).toEqual([]);
  });
});

function runButton(page: Page): Locator {
  return page.getByLabel(/^Execute query/);
}

function stopButton(page: Page): Locator {
  return page.getByLabel(/^Stop query/);
}

function queryEditor(page: Page): Locator {
  return page.locator('.graphiql-query-editor .monaco-editor').first();
}

/** Variables and headers are two editors in one place; the one that is chosen shows. */
function headersEditor(page: Page): Locator {
  return page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor').first();
}

function answer(page: Page): Locator {
  return page.locator('.graphiql-response .monaco-editor').first();
}

/** What an editor shows. It sets spaces as no-break spaces. */
async function textOf(editor: Locator): Promise<string> {
  return ((await editor.locator('.view-lines').textContent()) ?? '').replaceAll('\u00a0', ' ');
}

async function write(page: Page, editor: Locator, text: string): Promise<void> {
  await editor.locator('.view-lines').click();
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

/** Kept to be looked at; git ignores the folder. */
async function screenshot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `test/artifacts/graphiql-${name}.png` });
}
