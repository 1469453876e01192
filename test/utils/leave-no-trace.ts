import { readFileSync } from 'node:fs';
import { afterAll, expect, vi } from 'vitest';

/*
 * Most test files share a process with others (vitest.config.ts), and modules with them. What one of them leaves behind
 * would be found by whichever comes next, so it is the one that fails.
 */

const EVENTS = ['SIGHUP', 'SIGINT', 'SIGTERM', 'disconnect', 'uncaughtException', 'unhandledRejection'] as const;
const GLOBALS = ['Date', 'Promise', 'fetch', 'performance', 'queueMicrotask', 'setImmediate', 'setInterval'] as const;
const REPLACES = /\bvi\s*\.\s*(?:mock|doMock|stubGlobal|stubEnv|resetModules|setConfig|useFakeTimers)\(/;

function whatIsShared() {
  return {
    'the working directory': process.cwd(),
    'the exit code': process.exitCode,
    'environment variables': { ...process.env },
    'listeners of the process': EVENTS.map((event) => `${event}: ${process.listenerCount(event)}`),
    globals: [...GLOBALS.map((name) => globalThis[name]), setTimeout, Math.random],
  };
}

const before = whatIsShared();

afterAll(() => {
  vi.restoreAllMocks();
  expect(whatIsShared(), 'Something of the process is not as it was.').toEqual(before);
  expect(
    REPLACES.test(readFileSync(expect.getState().testPath ?? '', 'utf8')),
    'What replaces modules, timers or globals needs a process of its own: name the file in ALONE of vitest.config.ts.',
  ).toBe(false);
});
