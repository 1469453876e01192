import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { describeControlStores } from '../utils/control-stores.ts';
import { createProviderServer, openaiAnswer, type ProviderServer, sendJson } from '../utils/provider-server.ts';

const PAGE = await readFile('docs/guides/prompts.md', 'utf8');
const KEY = 'key-for-the-guide-0123456789';

/** The blocks of a language in the section with this heading. */
function blocksOf(heading: string, language: string): string[] {
  const section = PAGE.split(/^## /m).find((text) => text.startsWith(heading)) ?? '';
  return [...section.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\``, 'gm'))].map(
    ([, text = '']) => text,
  );
}

let provider: ProviderServer | undefined;
afterEach(() => provider?.close());

describeControlStores('the guide to prompts, of two versions side by side', (store) => {
  it('shows how to find out which one is better', async () => {
    provider = await createProviderServer((_, response) =>
      sendJson(response, openaiAnswer('The meeting is on Tuesday.')),
    );
    const [versions = ''] = blocksOf('Two versions side by side', 'yaml');
    const models = `
keys: [{ name: guide, key: ${KEY} }]
providers: { local: { dialect: openai, endpoint: "${provider.endpoint}" } }
models: { small: { provider: local, model: small-1, price: { input: 0.1, output: 0.3 } } }
routes: { default: [small] }
`;
    await writeFile(join(await store.folder(), 'skein.yaml'), versions + models);
    const gateway = await store.start();
    const { text } = await gateway.ask(KEY, 'mutation { summarize(text: "x") }');
    const [made] = JSON.parse(text).extensions.skein.prompts;
    const [shown = '', overRest = ''] = [
      ...blocksOf('Which version wrote this?', 'json'),
      ...blocksOf('Over REST', 'json'),
    ];
    expect(Object.keys(made)).toEqual(Object.keys(JSON.parse(shown).extensions.skein.prompts[0]));
    const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' };
    const post = async (path: string, body: string) =>
      (await fetch(gateway.url + path, { method: 'POST', headers, body })).json() as Promise<Record<string, unknown>>;
    const rest = await post('/rest/prompts/summarize', '{ "text": "x" }');
    expect(Object.keys(rest)).toEqual(Object.keys(JSON.parse(overRest) as object));

    const [feedback = '', table = ''] = blocksOf('Which version is better?', 'graphql');
    const said = await gateway.ask(KEY, feedback.replace(/use_\w+/, made.calls[0]));
    expect(said.data).toEqual({ promptFeedback: { prompt: 'summarize', version: made.version, score: 1 } });
    const [curl = ''] = blocksOf('Which version is better?', 'sh');
    const [, path = '', body = ''] = /127\.0\.0\.1:4000(\S+)[\s\S]*-d '(.*)'/.exec(curl) ?? [];
    expect(await post(path, body.replace(/use_\w+/, String(rest.call)))).toMatchObject({ score: 0.5 });

    const now = table
      .replace('prompt:', 'tenant: "default", prompt:')
      .replace(/from: "[^"]*"/, 'from: "2020-01-01T00:00:00Z"');
    const scores = async () => {
      const { data, errors } = await gateway.admin(now);
      expect(errors).toBeUndefined();
      const { versions: rows } = (data as unknown as { promptVersionMetrics: { versions: Row[] } })
        .promptVersionMetrics;
      return rows.map(({ version, score: { count, mean } }) => ({ version, count, mean }));
    };
    const { version } = made as Row;
    await expect.poll(scores, { timeout: 20_000 }).toEqual([{ version, count: 2, mean: 0.75 }]);
  });
});

interface Row {
  readonly version: string;
  readonly score: { readonly count: number; readonly mean: number };
}
