import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { startControlGateway } from '../utils/control-gateway.ts';
import { deferred } from '../utils/deferred.ts';

it('a gateway that drains answers what is under way, whatever SIGHUP comes', async () => {
  const held = deferred<ServerResponse>();
  const service = createServer((_request, response) => held.resolve(response)).listen(0, '127.0.0.1');
  await once(service, 'listening');
  const folder = await mkdtemp(join(tmpdir(), 'skein-hangup-'));
  onTestFinished(async () => {
    service.closeAllConnections();
    service.close();
    await rm(folder, { recursive: true });
  });
  const endpoint = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`;
  await writeFile(join(folder, 'schema.graphql'), 'type Query { hello: String }');
  const sources = { greeter: { kind: 'graphql', endpoint, document: './schema.graphql' } };
  await writeFile(join(folder, 'skein.yaml'), JSON.stringify({ keys: [{ name: 'test', key: 'test' }], sources }));
  const gateway = await startControlGateway({ folder });
  onTestFinished(() => void gateway.process.kill('SIGKILL'));
  const exited = once(gateway.process, 'exit');
  const answer = gateway.ask('test', '{ hello }');
  const response = await held.promise;
  gateway.process.kill('SIGTERM');
  await vi.waitFor(
    async () => expect(await gateway.ready().catch(() => ({ ready: false }))).toMatchObject({ ready: false }),
    {
      timeout: 10_000,
    },
  );
  gateway.process.kill('SIGHUP');
  response.writeHead(200, { 'content-type': 'application/json' }).end('{"data":{"hello":"you"}}');
  expect((await answer).data).toEqual({ hello: 'you' });
  expect(await exited).toEqual([0, null]);
}, 60_000);
