import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createMemoryLog } from '../utils/call-context.ts';
import { createMemorySource } from '../utils/memory-source.ts';
import { connectRaw, requestText } from '../utils/raw-http.ts';
import { startTestGateway, type TestGateway } from '../utils/test-gateway.ts';
import { createTicker, type Ticker } from '../utils/ticker.ts';
import { expectNoUnhandledRejection } from '../utils/unhandled.ts';

const odd = createMemorySource({
  name: 'odd',
  sdl: 'type Query { unwritable: JSON } scalar JSON',
  unary: { 'Query.unwritable': () => ({ count: 1n }) },
});

let gateway: TestGateway;
let ticker: Ticker;
const log = createMemoryLog();
expectNoUnhandledRejection();
beforeAll(async () => {
  ticker = createTicker();
  gateway = await startTestGateway([ticker.source, odd], {}, { log });
});
afterAll(() => gateway.close());
beforeEach(() => {
  log.lines.length = 0;
});

interface Heard {
  readonly status: number;
  readonly head: string;
  readonly body: string;
}

/** The one answer on a connection of its own. */
async function ask(method: string, target: string, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
  const raw = await connectRaw(gateway.url);
  raw.send(requestText(method, target, { connection: 'close', ...gateway.headers, ...headers }));
  await raw.closed;
  const [head = '', body = ''] = raw.received().split(/\r\n\r\n([\s\S]*)/);
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), head, body };
}

const codeOf = ({ body }: Heard) =>
  (JSON.parse(body) as { errors: { extensions: { code: string } }[] }).errors[0]?.extensions.code;

it('an answer by GET that JSON cannot write is an error without what the code says of itself', async () => {
  const answer = await ask('GET', '/graphql?query={unwritable}');
  expect([answer.status, codeOf(answer)]).toEqual([500, 'INTERNAL_SERVER_ERROR']);
  expect(answer.body).not.toMatch(/BigInt|node_modules/);
  const [, requestId] = /x-request-id: (\S+)/.exec(answer.head) ?? [];
  expect(answer.body).toContain(requestId);
  expect(log.lines).toContainEqual({
    level: 'error',
    fields: expect.objectContaining({ requestId }),
    message: 'unexpected error',
  });
});
