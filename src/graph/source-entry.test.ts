import { describe, expect, it } from 'vitest';
import { createCompileWorker } from './compile-worker.ts';
import { recordCompiler, SameSourceError } from './source-entry.ts';

const OPTIONS = { kind: 'graphql', endpoint: 'http://127.0.0.1:1' } as never;

async function fingerprintOf(...given: readonly unknown[]): Promise<string> {
  const received: unknown[] = [];
  const compiler = {
    ...createCompileWorker(),
    // As the thread does: bytes are handed over.
    run: async (_name: unknown, ...values: readonly unknown[]) => {
      received.push(structuredClone(values, { transfer: values.filter((value) => value instanceof ArrayBuffer) }));
    },
  };
  const recording = recordCompiler(compiler as never, OPTIONS);
  await recording.compiler.run('openapi' as never, ...(given as never));
  expect(received).toHaveLength(1);
  return recording.fingerprint();
}

const bytes = (text: string) => new TextEncoder().encode(text).buffer;

it('does not compile again what has the fingerprint of a source that is there', async () => {
  const ran: unknown[] = [];
  const compiler = { ...createCompileWorker(), run: async (...given: readonly unknown[]) => ran.push(given) } as never;
  const first = recordCompiler(compiler, OPTIONS);
  await first.compiler.run('openapi' as never, ...(['a'] as never));
  const known = await first.fingerprint();
  const second = recordCompiler(compiler, OPTIONS, known);
  await expect(second.compiler.run('openapi' as never, ...(['a'] as never))).rejects.toThrow(SameSourceError);
  expect(ran).toHaveLength(1);
  const third = recordCompiler(compiler, OPTIONS, known);
  await third.compiler.run('openapi' as never, ...(['b'] as never));
  expect(ran).toHaveLength(2);
});

describe('the fingerprint of a source', () => {
  it('tells documents apart that are handed over as bytes', async () => {
    expect(await fingerprintOf(bytes('one'))).toBe(await fingerprintOf(bytes('one')));
    expect(await fingerprintOf(bytes('one'))).not.toBe(await fingerprintOf(bytes('two')));
  });

  it('tells long ones apart by their last byte', async () => {
    const long = 'x'.repeat(1_100_000);
    expect(await fingerprintOf(bytes(`${long}a`))).not.toBe(await fingerprintOf(bytes(`${long}b`)));
    expect(await fingerprintOf(`${long}a`)).not.toBe(await fingerprintOf(`${long}b`));
  });

  it('tells texts in maps, lists and objects apart, and where they stand', async () => {
    const prints = await Promise.all([
      fingerprintOf(new Map([['a', 'b']])),
      fingerprintOf(new Map([['a', 'c']])),
      fingerprintOf(['a', 'b']),
      fingerprintOf(['ab', '']),
      fingerprintOf({ a: 'b' }),
      fingerprintOf({ a: 1 }),
      fingerprintOf({ a: 2 }),
    ]);
    expect(new Set(prints).size).toBe(prints.length);
  });
});
