import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readConfig } from './read-config.ts';

async function problemsOf(prompt: object): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'skein-routes-'));
  const file = join(folder, 'skein.yaml');
  const models = { small: { provider: 'local', model: 'x' } };
  const providers = { local: { dialect: 'openai', endpoint: 'http://127.0.0.1:9' } };
  await writeFile(file, JSON.stringify({ keys: [{ name: 'a', key: 'a' }], providers, models, prompts: { p: prompt } }));
  const { problems } = await readConfig(file, {});
  await rm(folder, { recursive: true });
  return problems.map(({ message }) => message);
}

it('routes of versions must be there, and the route of the prompt only where one names none', async () => {
  const release = [{ version: 'a' }];
  const a = { template: 'x', route: 'small' };
  expect(await problemsOf({ versions: { a, b: { template: 'x', route: 'smal' } }, release })).toEqual([
    'prompts.p.versions.b.route names the route or model "smal", which does not exist. Did you mean "small"?',
  ]);
  expect(await problemsOf({ versions: { a } })).toEqual([]);
  expect(await problemsOf({ versions: { a, b: { template: 'x' } }, release })).toEqual([
    'prompts.p.route names the route or model "default", which does not exist.',
  ]);
});
