import { expect, test } from 'vitest';
import { masked, maskSecrets, unmask } from './masking.ts';

const REFERENCE = ['$', '{secrets.openai}'].join('');

test('secrets are masked by the names of their fields, however deep', () => {
  const options = {
    apiKey: 'hush',
    api_key: 'hush',
    headers: { authorization: 'Bearer hush', 'X-Api-Key': 'hush', accept: 'text/plain' },
    clientSecret: 'hush',
    accessToken: 'hush',
    passwords: 'told',
    tls: [{ privateKey: 'hush', passphrase: 'hush' }],
    token: { secret: ['hush', ''] },
    maxTokens: 5,
  };
  const text = JSON.stringify(maskSecrets(options));
  expect(text).not.toContain('hush');
  expect(maskSecrets(options)).toMatchObject({ passwords: 'told', maxTokens: 5, headers: { accept: 'text/plain' } });
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
  unmask(given, { apiKey: 5 }, ['options'], (path) => lost.push(path.join('.')));
  expect(lost).toEqual(['options.apiKey', 'options.url', 'options.list.0']);
});
