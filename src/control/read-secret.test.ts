import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { createMemoryLog } from '../../test/utils/call-context.ts';
import { readSecret } from './read-secret.ts';

it('takes a file that is empty for a moment for one that is not there, instead of an empty secret', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'skein-read-secret-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const content = join(folder, 'token');
  const log = createMemoryLog();
  const read = () =>
    readSecret({ name: 'crm', place: 'file', content }, { name: 'acme' } as never, {
      ...{ encryption: undefined as never, env: {}, log },
    });
  await writeFile(content, '\n');
  expect(read()).toBeUndefined();
  expect(log.lines.map(({ message }) => message)).toEqual(['a secret cannot be read']);
  await writeFile(content, 'a-token\n');
  expect(read()).toBe('a-token');
});
