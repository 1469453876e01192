import { expect, test } from 'vitest';
import { readEnvironment } from './environment.ts';

test('an empty environment gives the defaults', () => {
  const expected = {
    environment: {
      port: 4000,
      host: '127.0.0.1',
      configFile: './skein.yaml',
      dataFolder: './.skein',
      logLevel: 'info',
      previousEncryptionKeys: [],
    },
    problems: [],
  };
  expect(readEnvironment({})).toEqual(expected);
  expect(readEnvironment({ PORT: '', HOST: '', SKEIN_CONFIG: '', SKEIN_DATA: '', SKEIN_LOG: '' })).toEqual(expected);
});

test('what is set is taken', () => {
  const { environment, problems } = readEnvironment({
    PORT: '0',
    HOST: '::1',
    SKEIN_CONFIG: '/etc/skein/skein.yaml',
    SKEIN_DATA: '/var/lib/skein',
    SKEIN_LOG: 'debug',
    MONGODB_URI: 'mongodb+srv://user:password@cluster.example/skein',
    SKEIN_ADMIN_TOKEN: 'skein_admin_0123456789',
    SKEIN_ENCRYPTION_KEY: 'present',
    SKEIN_ENCRYPTION_KEY_PREVIOUS: 'last, the one before,',
  });
  expect(problems).toEqual([]);
  expect(environment).toEqual({
    port: 0,
    host: '::1',
    configFile: '/etc/skein/skein.yaml',
    dataFolder: '/var/lib/skein',
    logLevel: 'debug',
    mongodbUri: 'mongodb+srv://user:password@cluster.example/skein',
    adminToken: 'skein_admin_0123456789',
    encryptionKey: 'present',
    previousEncryptionKeys: ['last', 'the one before'],
  });
});

test('every wrong variable is told, and its default stands in', () => {
  const { environment, problems } = readEnvironment({ PORT: '65536', HOST: 'http://x', SKEIN_LOG: 'debg' });
  expect(problems.map((problem) => problem.message)).toEqual([
    'The environment variable PORT must be a port from 0 to 65535, but is "65536".',
    'The environment variable HOST must be a host name or an IP address, e.g. 127.0.0.1, but is "http://x".',
    'The environment variable SKEIN_LOG must be "trace", "debug", "info", "warn", "error", "fatal" or "silent", but is "debg". Did you mean "debug"?',
  ]);
  expect(environment).toMatchObject({ port: 4000, host: '127.0.0.1', logLevel: 'info' });
});

test('what is wrong with a secret is told without it', () => {
  const { environment, problems } = readEnvironment({ MONGODB_URI: 'http://user:hush', SKEIN_ADMIN_TOKEN: 'short' });
  expect(problems.map((problem) => problem.message)).toEqual([
    'The environment variable MONGODB_URI must be an address such as mongodb://127.0.0.1:27017/skein, and is not.',
    'The environment variable SKEIN_ADMIN_TOKEN must be 16 to 8192 characters without spaces, and is not.',
  ]);
  expect(environment).toMatchObject({ mongodbUri: undefined, adminToken: undefined });
});

test.each(['-1', '1.5', '0x10', ' 80', '80a', '1e3'])('the port %j is refused', (PORT) => {
  expect(readEnvironment({ PORT }).problems).toHaveLength(1);
});
