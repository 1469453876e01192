import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Tenant } from '../../admin/models/tenant.ts';
import { sha256 } from '../../admin/stores/sha256.ts';
import { type Log, silentLog } from '../../kernel/ports.ts';
import { readConfigText } from '../config/read-config.ts';
import { createDocumentFiles, type DocumentFiles } from './document-files.ts';
import { readTenantConfiguration } from './tenant-configuration.ts';

const DAY_MS = 86_400_000;
const SDL = 'type Query { a: Int }';
const [HASH, OTHER, THIRD] = [sha256(SDL), sha256('other'), sha256('third')];

let folder = '';
let files: DocumentFiles | undefined;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'skein-documents-')), 'documents');
});
afterEach(async () => {
  files?.stop();
  await rm(join(folder, '..'), { recursive: true });
});

/** As somebody has used it so many days ago. */
async function place(hash: string, days: number, name = 'a.graphql') {
  await mkdir(join(folder, hash), { recursive: true });
  await writeFile(join(folder, hash, name), SDL);
  const then = new Date(Date.now() - days * DAY_MS);
  await utimes(join(folder, hash), then, then);
}

function open(used: readonly string[], log: Log = silentLog): DocumentFiles {
  files = createDocumentFiles({ folder, used: () => used, clock: { now: () => Date.now() }, log });
  return files;
}

async function read() {
  const { config: gateway } = await readConfigText('{}', join(folder, 'skein.yaml'), {});
  const at = new Date(0);
  const tenant: Tenant = {
    ...{ _id: 'ten_1', tenant: 'ten_1', version: 1, seq: 1, createdAt: at, updatedAt: at, archivedAt: null },
    ...{ name: 'acme', title: '', description: '', rates: [], network: 'public', trusted: false },
  };
  const options = { kind: 'graphql', endpoint: 'https://a.example', document: 'a.graphql' };
  const content = {
    ...{ tenant, secrets: new Map<string, string>() },
    state: { sources: { a: { options, document: 'doc_1' } } },
    documents: new Map([['doc_1', { name: 'a.graphql', text: SDL, hash: HASH }]]),
  };
  return readTenantConfiguration(content, { gateway, env: {}, documentsFolder: folder });
}

it('removes what no graph was made of and nobody has used for a day', async () => {
  await place(HASH, 3);
  await place(OTHER, 3);
  await place(THIRD, 0.5);
  await place('notes', 30);
  await open([join(folder, HASH, 'a.graphql'), '/elsewhere/a.graphql']).tidy();
  expect((await readdir(folder)).sort()).toEqual([HASH, THIRD, 'notes'].sort());
  // What is in use here is in use for all that have the folder.
  expect(Date.now() - (await stat(join(folder, HASH))).mtimeMs).toBeLessThan(DAY_MS);
});

it('leaves what a configuration was read with just now, and what it removed comes again', async () => {
  await place(HASH, 3);
  expect((await read()).problems).toEqual([]);
  await open([]).tidy();
  expect(await readdir(folder)).toEqual([HASH]);
  await place(HASH, 3);
  await open([]).tidy();
  expect(await readdir(folder)).toEqual([]);
  expect((await read()).problems).toEqual([]);
  expect(await readFile(join(folder, HASH, 'a.graphql'), 'utf8')).toBe(SDL);
});

it('finishes what another process has left, and says nothing where there is no folder', async () => {
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object) => void told.push(fields) };
  await open([], log).tidy();
  expect(told).toEqual([]);
  await place(HASH, 3);
  await mkdir(join(folder, `${OTHER}.removed`));
  await open([join(folder, HASH, 'a.graphql')], log).tidy();
  expect(await readdir(folder)).toEqual([HASH]);
  expect(told).toEqual([]);
});

it('goes on where what was removed before has come again, and where another process was first', async () => {
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object) => void told.push(fields) };
  const hashes = [HASH, OTHER, THIRD];
  for (const hash of hashes) {
    await place(hash, 3);
    await place(`${hash}.removed`, 3);
  }
  const gone = sha256('gone');
  const used = function* () {
    yield join(folder, gone, 'a.graphql');
  };
  // A link to nothing stands for what goes while the folder is read.
  await symlink(join(folder, 'nowhere'), join(folder, gone));
  files = createDocumentFiles({ folder, used, clock: { now: () => Date.now() }, log });
  await files.tidy();
  expect(await readdir(folder)).toEqual([gone]);
  expect(told).toEqual([]);
});
