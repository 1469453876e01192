import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { createDocumentLoader } from './document-loader.ts';

test('all documents of a WSDL have one deadline', async () => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end('<a/>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a.wsdl`;
  let now = 5_000;
  const load = createDocumentLoader('soap', undefined, () => now);
  expect(await load(url, undefined)).toBe('<a/>');
  now += 59_000;
  expect(await load(url, undefined)).toBe('<a/>');
  now += 1_000;
  await expect(load(url, undefined)).rejects.toMatchObject({
    code: 'UPSTREAM_TIMEOUT',
    cause: { message: 'The WSDL and what it imports took longer than 60 s' },
  });
  expect(asked).toBe(2);
  await new Promise((resolve) => server.close(resolve));
});
