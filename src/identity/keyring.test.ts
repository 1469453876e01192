import { expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import { createKeyring, generateKey } from './keyring.ts';

const keyring = createKeyring([
  { name: 'web', key: 'skein_web' },
  { name: 'batch', key: 'skein_batch' },
]);

it('knows a caller by the key in the Authorization header, and keeps nothing of the key', () => {
  const caller = keyring.identify('Bearer skein_web');
  expect(caller).toEqual({ keyName: 'web', isOperator: false });
  expect(keyring.identify('bearer  skein_web')).toBe(caller);
  expect(keyring.identify('BEARER skein_batch')).toEqual({ keyName: 'batch', isOperator: false });
});

it.each([
  undefined,
  '',
  'Bearer',
  'Bearer ',
  'skein_web',
  'Basic skein_web',
  'Bearerskein_web',
  'Bearer skein_web ',
  ' Bearer skein_web',
  'Bearer skein_web, Bearer skein_batch',
  'Bearer SKEIN_WEB',
  'Bearer skein_web\n',
  'Bearer web',
])('refuses %j, and does not repeat it', (authorization) => {
  const refusal = (() => {
    try {
      return keyring.identify(authorization);
    } catch (error) {
      return error;
    }
  })();
  expect(refusal).toBeInstanceOf(SkeinError);
  expect(refusal).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
  expect((refusal as SkeinError).message).not.toContain('skein_web');
});

it('makes keys that are long, safe in a header, and never the same', () => {
  const keys = Array.from({ length: 50 }, generateKey);
  expect(new Set(keys).size).toBe(50);
  for (const key of keys) expect(key).toMatch(/^skein_[\w-]{32}$/);
  const [key = ''] = keys;
  expect(createKeyring([{ name: 'made', key }]).identify(`Bearer ${key}`)).toEqual({
    keyName: 'made',
    isOperator: false,
  });
});
