import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fieldChanges } from '../gitops/compare.ts';
import type { Item } from '../gitops/items.ts';
import { masked, maskSecrets, maskSecretsAt, secretsIn, unmask } from './masking.ts';

const REFERENCE = ['$', '{secrets.openai}'].join('');

test('secrets are masked by the names of their fields, however deep', () => {
  const options = {
    apiKey: 'hush',
    api_key: 'hush',
    headers: { authorization: 'Bearer hush', 'X-Api-Key': 'hush', accept: 'text/plain' },
    clientSecret: 'hush',
    accessToken: 'hush',
    passwords: 'hush',
    tokens: ['hush'],
    jwt: 'hush',
    refreshToken: 'hush',
    sessionId: 'hush',
    client_assertion: 'hush',
    pin: 1234,
    password: [1234],
    passengers: 'told',
    sessionToken: 'String!',
    tls: [{ privateKey: 'hush', passphrase: 'hush' }],
    token: { secret: ['hush', ''] },
    maxTokens: 5,
  };
  const text = JSON.stringify(maskSecrets(options));
  expect(text).not.toMatch(/hush|1234/);
  const told = { passengers: 'told', sessionToken: 'String!', maxTokens: 5, headers: { accept: 'text/plain' } };
  expect(maskSecrets(options)).toMatchObject(told);
  expect(unmask(maskSecrets(options), options, [], (path) => expect.fail(path.join('.')))).toEqual(options);
  expect(maskSecrets(options)).toMatchObject({ token: { secret: ['***', ''] } });
});

test('references are shown, and credentials in addresses are not', () => {
  const options = {
    apiKey: REFERENCE,
    authorization: `Bearer ${REFERENCE}`,
    url: 'redis://me:hush@host/0 and http://a@b/',
  };
  expect(maskSecrets(options)).toEqual({ ...options, url: 'redis://***@host/0 and http://***@b/' });
  expect(maskSecrets({ password: `${REFERENCE}hush` })).toEqual({ password: '***' });
});

test('records lose what changes by itself, hashes and contents, and options are looked into', () => {
  const record = { seq: 5, version: 2, hash: 'h', content: 'c', name: 'n', options: '{"apiKey":"hush","version":3}' };
  expect(masked(record)).toEqual({ hash: '***', content: '***', name: 'n', options: { apiKey: '***', version: 3 } });
  expect(masked({ options: 'no JSON' })).toEqual({ options: 'no JSON' });
});

test('what was shown masked becomes what it was', () => {
  const known = { apiKey: 'hush', url: 'https://me:hush@host/', list: [{ token: 'a' }, { token: 'b' }], text: 'x' };
  const lost: string[] = [];
  const changed = { ...(maskSecrets(known) as object), text: 'y' };
  expect(unmask(changed, known, [], (path) => lost.push(path.join('.')))).toEqual({ ...known, text: 'y' });
  expect(lost).toEqual([]);
});

test('masks that stand for nothing are told, each with its place', () => {
  const lost: string[] = [];
  const given = {
    apiKey: '***',
    url: 'https://***@host/',
    list: ['***'],
    stars: 'five *** hotel',
    __proto__: { a: 1 },
  };
  unmask(given, { apiKey: true }, ['options'], (path) => lost.push(path.join('.')));
  expect(lost).toEqual(['options.apiKey', 'options.url', 'options.list.0']);
});

test('what headers say is masked, but for those that say nothing', () => {
  const headers = {
    Accept: 'text/plain',
    'content-type': 'text/plain',
    'anthropic-version': '2023-06-01',
    'X-Custom': 'hush',
    'x-tenant': REFERENCE,
    cookie: 'hush',
  };
  const options = {
    headers,
    forwardHeaders: ['x-a', { name: 'x-b', default: 'hush' }, { name: 'accept', default: '*' }],
  };
  expect(maskSecrets(options)).toEqual({
    headers: { ...headers, 'X-Custom': '***', cookie: '***' },
    forwardHeaders: ['x-a', { name: 'x-b', default: '***' }, { name: 'accept', default: '*' }],
  });
});

test('so are credentials of security schemes, parameters of connections and settings of packages', () => {
  const options = {
    security: { petstore: 'hush', basic: { username: 'ann', password: 'hush' } },
    subscriptions: { connectionParams: { any: { deep: ['hush', { x: 'hush' }] }, on: true } },
    settings: { secretAccessKey: 'hush', region: 'hush' },
    apiKeys: ['hush', '', REFERENCE],
  };
  const shown = maskSecrets(options);
  expect(JSON.stringify(shown)).not.toContain('hush');
  expect(shown).toMatchObject({
    security: { basic: { username: 'ann' } },
    subscriptions: { connectionParams: { on: true } },
    apiKeys: ['***', '', REFERENCE],
  });
});

test('parameters of addresses are masked by their names, and where they look like nothing that people write', () => {
  const masks: [string, string][] = [
    ['https://a.example/x?key=hush&page=2', 'https://a.example/x?key=***&page=2'],
    ['https://a.example/x?page=2&X-Amz-Signature=hush#end', 'https://a.example/x?page=2&X-Amz-Signature=***#end'],
    ['https://a.example/?q=9f8Xk2LmPq0ZtR7vBw3nYc5', 'https://a.example/?q=***'],
    ['wss://a.example/?q=a-plain-text-that-is-long', 'wss://a.example/?q=a-plain-text-that-is-long'],
    ['see https://a.example/?a=1 and b?key=told', 'see https://a.example/?a=1 and b?key=***'],
    [`https://a.example/?key=${REFERENCE}`, `https://a.example/?key=${REFERENCE}`],
    ['/path?key=told', '/path?key=told'],
    ['https://a.example/x?client_assertion=hush', 'https://a.example/x?client_assertion=***'],
    ['https://a.example/x#access_token=hush&state=1', 'https://a.example/x#access_token=***&state=1'],
    ['https://a.example/x#9f8Xk2LmPq0ZtR7vBw3nYc5', 'https://a.example/x#***'],
    ['https://a.example/x?9f8Xk2LmPq0ZtR7vBw3nYc5', 'https://a.example/x?***'],
    ['https://a.example/x#/components/schemas', 'https://a.example/x#/components/schemas'],
    ['https://a.example/bot12:AAHd/x', 'https://a.example/***/x'],
    ['https://a.example/services/T0/9f8Xk2LmPq0ZtR7vBw3nYc5', 'https://a.example/services/T0/***'],
    [`https://a.example/bot${REFERENCE}/x`, `https://a.example/bot${REFERENCE}/x`],
    [`https://${REFERENCE}@a.example/x`, `https://${REFERENCE}@a.example/x`],
    [`https://ann:${REFERENCE}@a.example/x`, `https://ann:${REFERENCE}@a.example/x`],
    [`https://${REFERENCE}:hush@a.example/x`, 'https://***@a.example/x'],
    [`https://ann:hush${REFERENCE}@a.example/x`, 'https://***@a.example/x'],
    ['https://a.example/v1/openapi-document-2024-11-21.yaml', 'https://a.example/v1/openapi-document-2024-11-21.yaml'],
  ];
  for (const [text, shown] of masks) expect(maskSecrets(text)).toBe(shown);
  const lost: string[] = [];
  const given = {
    a: 'https://b.example/x?key=***',
    b: 'https://b.example/***/y',
    c: 'https://b.example/#***',
    d: 'https://b.example/a:***',
  };
  unmask(given, { a: masks[0]?.[0] }, [], (path) => lost.push(path.join('.')));
  // Sent to another place, it is not what it was.
  expect(lost).toEqual(['a', 'b', 'c', 'd']);
});

test('a secret that stands in a field is masked in addresses beside it as well', () => {
  const options = {
    apiKey: 'hush-hush/1',
    headers: { authorization: 'Bearer planted', accept: 'orders' },
    endpoint: 'https://a.example/hush-hush%2F1/orders?a=planted#planted',
    document: 'https://a.example/user:planted/orders/short',
    pin: 'short',
  };
  const shown = maskSecrets(options);
  expect(shown).toMatchObject({
    endpoint: 'https://a.example/***/orders?a=***#***',
    document: 'https://a.example/user:***/orders/short',
  });
  expect(unmask(shown, options, [], (path) => expect.fail(path.join('.')))).toEqual(options);
  const item = (value: object) =>
    ({ kind: 'entry', value: { options: value, document: null } }) as Partial<Item> as Item;
  const after = { ...options, endpoint: `${options.endpoint}&b=1` };
  expect(fieldChanges({ action: 'changed', before: item(options), after: item(after) })).toEqual([
    {
      path: ['endpoint'],
      before: 'https://a.example/***/orders?a=***#***',
      after: 'https://a.example/***/orders?a=***#***&b=1',
    },
  ]);
  const record = { _id: 'src_1', options: JSON.stringify(options) };
  expect(JSON.stringify(masked(record))).not.toMatch(/hush|planted/);
  expect(JSON.stringify(masked({ state: { sources: { a: { options } } } }))).not.toMatch(/hush|planted/);
});

test('elements of lists are known by their names, wherever they stand', () => {
  const known = {
    forwardHeaders: [
      { name: 'x-a', default: 'one' },
      { name: 'x-b', default: 'two' },
    ],
  };
  const lost: string[] = [];
  const given = {
    forwardHeaders: [
      { name: 'x-b', default: '***' },
      { name: 'x-c', default: '***' },
    ],
  };
  expect(unmask(given, known, [], (path) => lost.push(path.join('.')))).toMatchObject({
    forwardHeaders: [{ name: 'x-b', default: 'two' }, { name: 'x-c' }],
  });
  expect(lost).toEqual(['forwardHeaders.1.default']);
});

const name = fc.stringMatching(/^x-[a-z]{1,12}$/);
const secret = fc.stringMatching(/^planted[A-Za-z0-9]{14,30}$/);
/** Options with a secret in one of the places that they have for it. */
const planted = fc.tuple(secret, name, fc.nat()).map(([value, key, choice]) => {
  const places: object[] = [
    { headers: { accept: 'text/plain', [key]: value } },
    { headers: { [key]: `Custom ${value}` } },
    { forwardHeaders: [key, { name: key, default: value }] },
    { forwardHeaders: [{ name: 'accept', as: key, default: value }] },
    { security: { [key]: value } },
    { security: { [key]: { username: 'ann', password: value } } },
    { security: { username: 'ann', password: value } },
    { subscriptions: { protocol: 'ws', connectionParams: { [key]: { deeper: [value] } } } },
    { endpoint: `https://ann:${value}@a.example/x` },
    { endpoint: `https://${value}@a.example/x?page=1` },
    { document: `https://a.example/x?page=1&${key}_token=${value}` },
    { document: `https://a.example/x?sig=${value}&page=1` },
    { document: `https://a.example/x#access_token=${value}` },
    { document: `https://a.example/bot7:${value}/x` },
    { apiKey: value, endpoint: `https://a.example/${value}/x` },
    { providerOptions: { cohere: { refreshTokens: [value], sessionId: value } } },
    { upstream: { endpoints: [`https://a.example/?api-key=${value}`, { address: `https://u:${value}@b.example/` }] } },
    { subscriptions: { endpoint: `wss://a.example/?auth=${value}` } },
    { apiKey: value },
    { apiKeys: ['${secrets.one}', value] },
    { settings: { [key]: value, nested: { [key]: value } } },
    { cache: { store: `redis://:${value}@redis.example:6379` } },
  ];
  return { value, options: { kind: 'openapi', timeoutMs: 5, ...places[choice % places.length] } };
});

test('a secret that stands anywhere options have a place for one is never shown, and stays when it comes back', () => {
  fc.assert(
    fc.property(planted, ({ value, options }) => {
      const shown = maskSecrets(options) as object;
      const bare = { kind: 'openapi', timeoutMs: 5 };
      const item = (given: object) =>
        ({ kind: 'entry', value: { options: given, document: null } }) as Partial<Item> as Item;
      const changes = [
        fieldChanges({ action: 'changed', before: item(bare), after: item(options) }),
        fieldChanges({ action: 'changed', before: item(options), after: item(bare) }),
      ];
      expect(changes[0]?.length).toBeGreaterThan(0);
      const told = [
        shown,
        masked({ _id: 'src_1', options: JSON.stringify(options) }),
        masked({ sections: { sources: { a: { options } } } }),
        changes,
        Object.entries(options).map(([key, inner]) => maskSecretsAt([key], inner, secretsIn(options))),
      ];
      expect(JSON.stringify(told)).not.toContain(value);
      const lost: unknown[] = [];
      const back = unmask({ ...shown, timeoutMs: 6 }, options, [], (path) => lost.push(path));
      expect([back, lost]).toEqual([{ ...options, timeoutMs: 6 }, []]);
    }),
    { numRuns: 300 },
  );
});

test('no part of a password that has an @ is shown', () => {
  const url = 'https://ann:hush@hush@a.example/x?by=b@c.example';
  expect(maskSecrets({ url })).toEqual({ url: 'https://***@a.example/x?by=b@c.example' });
});

test('masks in long lists are found in one go', () => {
  let reads = 0;
  const entry = (index: number) => ({
    get name() {
      reads += 1;
      return `n${index}`;
    },
    token: `hush${index}`,
  });
  const known = { list: Array.from({ length: 400 }, (_, index) => entry(index)) };
  const given = { list: known.list.map(({ name }) => ({ name, token: '***' })).reverse() };
  reads = 0;
  const back = unmask(given, known, [], (path) => expect.fail(path.join('.'))) as typeof given;
  expect(reads).toBeLessThan(4_000);
  expect(back.list[0]).toEqual({ name: 'n399', token: 'hush399' });
});
