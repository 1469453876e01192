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
  });
  expect(problems).toEqual([]);
  expect(environment).toEqual({
    port: 0,
    host: '::1',
    configFile: '/etc/skein/skein.yaml',
    dataFolder: '/var/lib/skein',
    logLevel: 'debug',
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

test.each(['-1', '1.5', '0x10', ' 80', '80a', '1e3'])('the port %j is refused', (PORT) => {
  expect(readEnvironment({ PORT }).problems).toHaveLength(1);
});
