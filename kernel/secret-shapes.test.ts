import { expect, it } from 'vitest';
import { isSecretName, isSecretParameter, isSecretSegment } from './secret-shapes.ts';

it.each([
  'apiKey api_keys X-Api-Key Authorization Cookie password passwords passphrase passwd pwd jwt jwts tokens refreshToken',
  'sessionId session_id SessionKey client_assertion client-secret accessToken signature bearer otp credentials signingKeys',
])('takes names for those of secrets that say so: %s', (names) => {
  expect(names.split(' ').filter((name) => !isSecretName(name))).toEqual([]);
});

it.each([
  'key keys name username author passenger tokenUrl sessions maxTokensOf region signatureMethod document kind pinned',
])('takes no other names for those of secrets: %s', (names) => {
  expect(names.split(' ').filter(isSecretName)).toEqual([]);
});

it('takes more names of parameters for those of secrets', () => {
  const names = ['client_assertion', 'SAMLResponse', 'ticket', 'sid', 'x_pin', 'jwt', 'page', 'mapping', 'side'];
  expect(names.filter(isSecretParameter)).toEqual([
    'client_assertion',
    'SAMLResponse',
    'ticket',
    'sid',
    'x_pin',
    'jwt',
  ]);
});

it('knows keys in paths from the names that people give to files', () => {
  const keys = [
    'bot123456:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw',
    'bot1:x',
    'd41d8cd98f00b204e9800998ecf8427e',
    '9f8Xk2LmPq0ZtR7vBw3nYc5a',
    'v1.9f8Xk2-LmPq0_ZtR7vBw3nYc5a.json',
    'xq3r8t5y7u1i2o9pasdfghjk',
  ];
  expect(keys.filter((key) => !isSecretSegment(key))).toEqual([]);
  const names = [
    'petstore-expanded-v3-20240101.yaml',
    'customer-relationship-management-2024-11-21',
    'getCustomerRelationshipById',
    'streamGenerateContent',
    'bot',
    '3f2504e0-4f89-11d3-9a0c-0305e82c3301',
    '2f0db5b7c1a4f5e0d9b8a7c6e5f4d3c2b1a09f8e',
    '20241121120000000000000000',
  ];
  expect(names.filter(isSecretSegment)).toEqual([]);
});
