import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { findChromium, type OpenPage, openBrowser, PUBLIC_NAME, type TestBrowser } from '../utils/browser.ts';
import { type ControlGateway, startControlGateway } from '../utils/control-gateway.ts';
import { optional } from '../utils/optional.ts';

const PATIENCE = { timeout: 20_000 };
const chromium = findChromium();

optional('chromium', chromium)('GraphiQL of the admin schema in a browser without a network', () => {
  let browser: TestBrowser;
  let gateway: ControlGateway;
  let folder: string;
  let opened: OpenPage | undefined;
  let token: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-control-'));
    gateway = await startControlGateway({ folder, env: { SKEIN_DATA: ':memory:', SKEIN_ADMIN_TOKEN: '' } });
    token = /Administrator token +(\S+)/.exec(gateway.stdout())?.[1] ?? '';
    browser = await openBrowser(chromium ?? '');
  });
  afterAll(async () => {
    await browser?.close();
    await gateway?.stop('SIGKILL');
    await rm(folder, { recursive: true, force: true });
  });

  async function open(url = `${gateway.url}/admin/graphql`): Promise<Page> {
    opened = await browser.open(url);
    await opened.page.getByLabel(/^Execute query/).waitFor();
    return opened.page;
  }

  it('comes up with the first token, runs a query, and explains every type and field', {
    timeout: 90_000,
  }, async () => {
    const page = await open();
    expect(await page.title()).toBe('Skein administration');
    await expect
      .poll(
        () => textOf(page.locator('.graphiql-editor-tool .graphiql-editor:not(.hidden) .monaco-editor').first()),
        PATIENCE,
      )
      .toContain(token);
    await page.getByLabel(/^Execute query/).click();
    await expect
      .poll(() => textOf(page.locator('.graphiql-response .monaco-editor').first()), PATIENCE)
      .toContain('"administrator"');
    await page.getByLabel('Show Documentation Explorer').click();
    await page.getByRole('link', { name: 'Mutation', exact: true }).click();
    await page.getByText('Mistakes in what is given come as').first().waitFor();
    await page.getByRole('link', { name: 'createTenant', exact: true }).click();
    await page.getByText('Makes a tenant.').first().waitFor();
    await page.screenshot({ path: 'test/artifacts/graphiql-admin.png' });
    expect(opened?.strayRequests).toEqual([]);
    expect(opened?.complaints).toEqual([]);
    await page.context().close();
  });

  it('completes and explains the options of a source', { timeout: 90_000 }, async () => {
    const page = await open();
    await page.locator('.graphiql-query-editor .view-lines').click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.press('Delete');
    // Typed and not inserted: completion follows the keys. GraphiQL closes what is opened.
    await page.keyboard.type('mutation { publishSource(input: { settings: { openapi: { upst');
    const suggestion = page.locator('.suggest-widget').getByText('UpstreamInput').first();
    await expect
      .poll(async () => {
        // Again, should it have been typed before the schema was there.
        if (!(await suggestion.isVisible())) await page.keyboard.press('Control+Space');
        return suggestion.isVisible();
      }, PATIENCE)
      .toBe(true);
    await page.keyboard.press('Enter');
    const written = page.locator('.graphiql-query-editor .view-lines');
    await expect.poll(() => written.textContent(), PATIENCE).toContain('upstream:');
    await written.getByText('openapi').last().hover();
    await page.locator('.monaco-hover').getByText('A REST API by its OpenAPI document.').first().waitFor();
    await page.screenshot({ path: 'test/artifacts/graphiql-settings.png' });
    await page.context().close();
  });

  it('shows the token to nobody who opens it by a public name', { timeout: 90_000 }, async () => {
    const page = await open(`${gateway.url.replace('127.0.0.1', PUBLIC_NAME)}/admin/graphql`);
    expect(await page.content()).not.toContain(token);
    await expect.poll(() => page.content(), PATIENCE).toContain('administrator token');
    expect(opened?.strayRequests).toEqual([]);
    await page.context().close();
  });
});

/** What an editor shows. It sets spaces as no-break spaces. */
async function textOf(editor: Locator): Promise<string> {
  return ((await editor.locator('.view-lines').textContent()) ?? '').replaceAll('\u00a0', ' ');
}
