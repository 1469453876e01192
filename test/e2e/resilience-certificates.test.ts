import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type CertificateOptions, createAuthority, type KeyAndCertificate } from '../utils/certificates.ts';
import { WAYS } from '../utils/fault-suite.ts';
import { codes, type MoodyGateway, moodySource, WAIT } from '../utils/moody-gateway.ts';
import { MOODY_DOCUMENTS, well } from '../utils/moody-kinds.ts';
import type { Mood } from '../utils/moody-server.ts';
import { useMoodySuite } from '../utils/moody-suite.ts';
import { createSecureServer, type SecureServer } from '../utils/secure-server.ts';

const suite = useMoodySuite();
const servers: SecureServer[] = [];
const HOST = '127.0.0.1';
const DAY_MS = 86_400_000;
const QUICK = { breaker: false, retries: { backoffMs: 1 } };
const READ = '{ restItem { name } }';
const WRITE = 'mutation { restAdd { name } }';
const good = { data: { restItem: { name: 'well' } } };

const authority = createAuthority();
let folder: string;
let ca: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skein-certificates-'));
  ca = await write('ca.pem', authority.certificate);
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

async function write(name: string, text: string): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, text);
  return file;
}

async function writePair(name: string, { key, certificate }: KeyAndCertificate) {
  return { key: await write(`${name}.key`, key), certificate: await write(`${name}.pem`, certificate) };
}

async function serve(pair: KeyAndCertificate, mood: Mood = well(), clientAuthority?: string): Promise<SecureServer> {
  const server = await createSecureServer(pair, mood, clientAuthority);
  servers.push(server);
  return server;
}

const issue = (options: Partial<CertificateOptions> = {}) => authority.issue({ name: HOST, ...options });
const rest = (at: readonly SecureServer[], tls: object = { ca }, upstream: object = QUICK) =>
  moodySource('rest', at, upstream, { tls });

/** Certificates that are none for this server now, and what operators read of it. */
const UNFIT: Record<string, [make: () => KeyAndCertificate, reason: RegExp]> = {
  'has expired': [() => issue({ from: Date.now() - DAY_MS, to: Date.now() - 5_000 }), /expired/],
  'is not valid yet': [() => issue({ from: Date.now() + DAY_MS, to: Date.now() + 2 * DAY_MS }), /not yet valid/],
  'is for another host': [() => issue({ name: 'other.example' }), /does not match certificate/],
  'is for another address': [() => issue({ name: '127.0.0.9' }), /does not match certificate/],
  'is of an unknown authority': [() => createAuthority('Other').issue({ name: HOST }), /unable to verify/],
  'is of another authority of that name': [() => createAuthority().issue({ name: HOST }), /signature failure/],
};

describe.each(WAYS)('on the %s way, a service whose certificate', (way) => {
  it.each(Object.entries(UNFIT))('%s is not sent anything, and others are not disturbed', async (_, [make, reason]) => {
    const [unfit, steady] = [await serve(make()), await serve(issue())];
    const sources = {
      moody: rest([unfit]),
      steady: { kind: 'openapi', document: 'steady.json', endpoint: steady.origin, tls: { ca } },
    };
    const gateway = await suite.gateway(way, { sources });
    const answer = await gateway.ask('{ restItem { name } steady { name } }');
    expect(codes(answer)).toEqual(['restItem UPSTREAM_UNREACHABLE']);
    expect(answer.data).toEqual({ restItem: null, steady: { name: 'well' } });
    expect(JSON.stringify(answer)).not.toMatch(/127\.0|certificate|authority/i);
    expect(codes(await gateway.ask(WRITE))).toEqual(['restAdd UPSTREAM_UNREACHABLE']);
    expect([unfit.asked, steady.asked]).toEqual([0, 1]);
    const told = gateway.log.lines.filter(({ fields }) => fields.source === 'moody' && reason.test(`${fields.cause}`));
    expect(told.length).toBeGreaterThan(0);
  });

  it.each(Object.entries(UNFIT))('%s leaves reads and mutations to the other', async (_, [make]) => {
    const [unfit, server] = [await serve(make()), await serve(issue())];
    const gateway = await suite.gateway(way, { sources: { moody: rest([unfit, server]) } });
    for (const query of [WRITE, WRITE, WRITE, WRITE, READ, READ, READ, READ]) {
      expect((await gateway.ask(query)).errors).toBeUndefined();
    }
    expect([unfit.asked, server.asked]).toEqual([0, 8]);
    // In turns: each second call has met the one that is unfit.
    expect((await gateway.upstream('moody')).endpoints).toMatchObject([{ calls: 4, failures: 4 }, { calls: 8 }]);
  });

  it('expires while it serves is not connected to until it is renewed', async () => {
    const server = await serve(issue({ to: Date.now() + 3_000 }));
    const upstream = { breaker: false, retries: false };
    const gateway = await suite.gateway(way, { sources: { moody: rest([server], { ca }, upstream) } });
    expect(await gateway.ask(READ)).toEqual(good);
    const afterDisconnecting = async () => {
      server.disconnect();
      return codes(await gateway.ask(READ));
    };
    await expect.poll(afterDisconnecting, WAIT).toEqual(['restItem UPSTREAM_UNREACHABLE']);
    const asked = server.asked;
    expect(codes(await gateway.ask(WRITE))).toEqual(['restAdd UPSTREAM_UNREACHABLE']);
    expect(server.asked).toBe(asked);
    server.show(issue());
    expect(await gateway.ask(READ)).toEqual(good);
  });
});

describe('certificates of the gateway', () => {
  const clients = createAuthority('Clients');
  /** A REST API, a model and a page of documents, all of which want to know who asks. */
  const mood: Mood = (response, request, body) => {
    const path = request.url ?? '';
    if (path.startsWith('/documents/')) return response.end(MOODY_DOCUMENTS[path.slice('/documents/'.length)]);
    if (!path.startsWith('/v1')) return well()(response, request, body);
    const message = { role: 'assistant', content: 'told' };
    const answer = { id: '1', object: 'chat.completion', choices: [{ index: 0, message, finish_reason: 'stop' }] };
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  };
  const start = () => serve(issue(), mood, clients.certificate);
  const CHAT = 'mutation { chat(input: { messages: [{ role: USER, content: "x" }] }) { text } }';
  const models = (server: SecureServer, tls: object) => ({
    providers: { moody: { dialect: 'openai', endpoint: `${server.origin}/v1`, upstream: QUICK, tls } },
    models: { stub: { provider: 'moody', model: 'stub-1' } },
    routes: { default: ['stub'] },
  });
  const askBoth = async (gateway: MoodyGateway) => [await gateway.ask(READ), await gateway.ask(CHAT)];
  const bothGood = [good, { data: { chat: { text: 'told' } } }];

  it('that are renewed are shown on connections from then on, and those that cannot be used are not taken', async () => {
    const server = await start();
    const own = await writePair('renewed', clients.issue({ name: 'first' }));
    const tls = { ca: await write('renewed-ca.pem', authority.certificate), ...own };
    const gateway = await suite.gateway('direct', { sources: { moody: rest([server], tls) }, ...models(server, tls) });
    expect(await askBoth(gateway)).toEqual(bothGood);
    const { generation } = await gateway.status();

    await write('renewed.key', clients.issue({ name: 'stranger' }).key);
    await gateway.reload();
    const refused = gateway.log.lines.filter(({ message }) => message.startsWith('the change is not taken'));
    const mistake = expect.stringContaining('The certificates cannot be used: ');
    expect(refused.map(({ fields }) => fields.problems)).toEqual([[mistake, mistake, '2 mistakes.']]);
    expect(await askBoth(gateway)).toEqual(bothGood);
    expect((await gateway.status()).generation).toBe(generation);

    // The server has a certificate of another authority now, and the gateway one of its own.
    const next = createAuthority('Next');
    await writePair('renewed', clients.issue({ name: 'second' }));
    await write('renewed-ca.pem', next.certificate);
    server.show(next.issue({ name: HOST }));
    await gateway.reload();
    expect(await askBoth(gateway)).toEqual(bothGood);
    expect((await gateway.status()).generation).toBe(generation + 1);
    expect(server.clients).toEqual(['first', 'first', 'first', 'first', 'second', 'second']);
  });

  it('that have expired are refused by the service, and read again', async () => {
    const server = await start();
    const expired = clients.issue({ name: 'old', from: Date.now() - DAY_MS, to: Date.now() - 5_000 });
    const tls = { ca, ...(await writePair('expired', expired)) };
    const gateway = await suite.gateway('direct', { sources: { moody: rest([server], tls) } });
    expect(codes(await gateway.ask(READ))).toEqual(['restItem UPSTREAM_UNREACHABLE']);
    await writePair('expired', clients.issue({ name: 'new' }));
    await gateway.reload();
    expect(await gateway.ask(READ)).toEqual(good);
    expect(server.clients).toEqual(['new']);
  });

  it.each(['openapi', 'soap'])(
    'are shown for documents of kind %s to whom they are for, and to nobody else',
    async (kind) => {
      const [documents, services] = [await start(), await start()];
      const document = kind === 'soap' ? 'soap.wsdl' : 'rest.json';
      const tls = { ca, ...(await writePair('service', clients.issue({ name: 'for the service' }))) };
      const documentTls = { ca, ...(await writePair('document', clients.issue({ name: 'for the document' }))) };
      const base = { kind, endpoint: `${services.origin}/${kind === 'soap' ? 'soap' : ''}`, tls };
      const query = kind === 'soap' ? 'mutation { addSoap { name } }' : READ;
      const at = (server: SecureServer) => `${server.origin}/documents/${document}`;

      const elsewhere = { ...base, document: at(documents), documentTls };
      const gateway = await suite.gateway('direct', { sources: { moody: elsewhere } });
      expect((await gateway.ask(query)).errors).toBeUndefined();
      expect([documents.clients, services.clients]).toEqual([['for the document'], ['for the service']]);

      const beside = await suite.gateway('direct', { sources: { moody: { ...base, document: at(services) } } });
      expect((await beside.ask(query)).errors).toBeUndefined();
      expect(services.clients).toEqual(['for the service', 'for the service', 'for the service']);

      // Not that of the service: who has the document is not told of it.
      const steady = { kind: 'openapi', document: 'steady.json', endpoint: services.origin, tls };
      const without = await suite.gateway('direct', {
        sources: { steady, moody: { ...base, document: at(documents) } },
      });
      expect((await without.status()).sources).toMatchObject([
        { name: 'steady', inGraph: true },
        { name: 'moody', inGraph: false },
      ]);
      expect(documents.clients).toEqual(['for the document']);
    },
  );
});
