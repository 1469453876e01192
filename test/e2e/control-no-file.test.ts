import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';

const CLI = resolve('dist/src/cli/main.js');
const SDL = 'type Query { hello: String }';
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-no-file-'));
  await writeFile(join(folder, 'schema.graphql'), SDL);
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts in the folder, asks for the names of the fields of the graph, and stops. */
async function fieldsServed(): Promise<readonly string[]> {
  const env = { PATH: process.env.PATH ?? '', PORT: '0', SKEIN_API_KEY: 'a-key-of-the-test' };
  const child = spawn(process.execPath, [CLI, 'start'], { cwd: folder, env });
  const ended = once(child, 'exit');
  try {
    let said = '';
    const url = await new Promise<string>((found, reject) => {
      const look = (chunk: Buffer) => {
        said += chunk.toString();
        const address = /GraphQL +(http:\S+)/.exec(said)?.[1];
        if (address !== undefined) found(address);
      };
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      void ended.then(() => reject(new Error(said)));
    });
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: 'Bearer a-key-of-the-test' },
      body: JSON.stringify({ query: '{ __schema { queryType { fields { name } } } }' }),
    });
    const { data } = (await answer.json()) as { data?: { __schema: { queryType: { fields: { name: string }[] } } } };
    return data?.__schema.queryType.fields.map(({ name }) => name) ?? [];
  } finally {
    child.kill();
    await ended;
  }
}

it('what skein.yaml has published serves on when a gateway is started without it', async () => {
  const file = join(folder, 'skein.yaml');
  const source = '{ kind: graphql, endpoint: "http://127.0.0.1:9/graphql", document: ./schema.graphql }';
  await writeFile(file, `sources:\n  greeter: ${source}\n`);
  expect(await fieldsServed()).toEqual(['hello']);
  await rm(file);
  expect(await fieldsServed()).toEqual(['hello']);
  await writeFile(file, `sources: {}\n`);
  expect(await fieldsServed()).toEqual([]);
}, 120_000);
