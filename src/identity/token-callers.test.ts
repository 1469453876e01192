import { expect, it } from 'vitest';
import { ACME, createMemoryDirectory } from '../../test/utils/directory.ts';
import { createKeyring } from './keyring.ts';
import { callerOfToken } from './token-callers.ts';
import type { VerifiedToken } from './tokens.ts';

const ARCHIVED = { code: 'FORBIDDEN', message: 'The user that the token is for is archived.' };

function tokenOf(more: Partial<VerifiedToken> = {}): VerifiedToken {
  return {
    ...{ issuer: 'https://id.example', subject: 'ann', name: 'Ann', email: 'ann@acme.example', tenant: 'acme' },
    ...{ app: undefined, roles: [], expiresAt: Number.MAX_SAFE_INTEGER },
    ...more,
  };
}

it.each(['ann', 'ann@acme.example'])(
  'refuses the token of a user that is archived by the name %s, until it is back',
  (name) => {
    const directory = createMemoryDirectory();
    const token = tokenOf({ roles: ['admin'] });
    const caller = callerOfToken(token, directory);
    directory.setUser(ACME.id, name, null);
    expect(callerOfToken(token, directory)).toBe(caller);
    directory.setUser(ACME.id, name, new Date(0));
    expect(() => callerOfToken(token, directory)).toThrow(expect.objectContaining(ARCHIVED));
    expect(callerOfToken(tokenOf({ subject: 'bob', email: undefined }), directory)).toMatchObject({ user: 'bob' });
    directory.setUser(ACME.id, name, null);
    expect(callerOfToken(token, directory)).toBe(caller);
  },
);

it('asks for the user that has the subject before the one that has the e-mail address, and for no other tenant’s', () => {
  const directory = createMemoryDirectory();
  directory.setUser(ACME.id, 'ann', null);
  directory.setUser(ACME.id, 'ann@acme.example', new Date(0));
  directory.setUser('tnt_other', 'ann', new Date(0));
  expect(callerOfToken(tokenOf(), directory)).toMatchObject({ user: 'ann' });
});

it('refuses a token of the platform whose user there is archived', () => {
  const directory = createMemoryDirectory();
  directory.setUser('platform', 'ann', new Date(0));
  expect(callerOfToken(tokenOf(), directory)).toMatchObject({ isOperator: false });
  for (const tenant of ['acme', undefined])
    expect(() => callerOfToken(tokenOf({ tenant, roles: ['platform'] }), directory)).toThrow(
      expect.objectContaining(ARCHIVED),
    );
});

it('ends what the user of a token has open when they are archived', () => {
  const directory = createMemoryDirectory();
  const token = tokenOf();
  const tokens = { isToken: () => true, verify: () => token, trusts: () => true };
  const keyring = createKeyring({ tokens, directory: () => directory, clock: { now: () => 0 } });
  const caller = keyring.identify({ authorization: 'Bearer token' });
  if (caller instanceof Promise) throw new Error('It has to wait.');
  expect(keyring.isCurrent(caller)).toBe(true);
  directory.setUser(ACME.id, 'ann', new Date(0));
  expect(keyring.isCurrent(caller)).toBe(false);
});
