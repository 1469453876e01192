import { expect, test } from 'vitest';
import { createRedactor } from './redactor.ts';

test('secrets of headers, user info, parameters and texts are taken out in all the ways they are written', () => {
  const redact = createRedactor({
    endpoint: 'https://ada:pass%20word@example.com/',
    headers: { Authorization: 'Bearer to/ken-1', 'x-client': 'skein-gateway' },
    params: { auth: { accessToken: 'param-s3cret' }, client: 'skein-gateway' },
    texts: ['a "key"'],
  });
  const basic = Buffer.from('ada:pass word').toString('base64');
  const told = `Bearer to/ken-1, to%2Fken-1, pass word, ${basic}, param-s3cret, a \\"key\\", skein-gateway`;
  expect(redact(told)).toBe('***, ***, ***, ***, ***, ***, skein-gateway');
});

test('a key that stands as the name of the user is a secret, a user name beside a password is none', () => {
  expect(createRedactor({ endpoint: 'https://api-key-1@h/', headers: {} })('api-key-1')).toBe('***');
  expect(createRedactor({ endpoint: 'https://lovelace:password@h/', headers: {} })('lovelace')).toBe('lovelace');
});

test('what looks like a key in an address is taken out, and so is what is called like one', () => {
  const redact = createRedactor({
    endpoint: 'https://h/bot12:AAHdq-planted/orders-of-customers?a=1&client_assertion=planted-2#access_token=planted-3',
    headers: { 'x-custom': '9f8Xk2LmPq0ZtR7vBw3nYc5', 'x-client': 'skein-gateway' },
    params: { jwt: 'planted-4', pwd: 'planted-5' },
  });
  expect(redact('/bot12:AAHdq-planted/orders-of-customers 9f8Xk2LmPq0ZtR7vBw3nYc5 skein-gateway')).toBe(
    '/***/orders-of-customers *** skein-gateway',
  );
  expect(redact('planted-2 planted-3 planted-4 planted-5')).toBe('*** *** *** ***');
});
