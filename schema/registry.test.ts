import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Source } from '../sources/source.ts';
import { compose } from './compose.ts';
import { createRegistry, type Generation } from './registry.ts';

const OPTIONS = { rules: [], maxTokens: 1_000 };
const GRACE_MS = 500;

function composition(field = 'hello') {
  const source: Source = {
    name: 'one',
    kind: 'openapi',
    probe: async () => {},
    dispose: async () => {},
    model: {
      sdl: `type Query { ${field}: String }`,
      calls: new Map([[`Query.${field}`, { type: 'unary', operation: field, invoke: async () => 'world' }]]),
    },
  };
  const { composition: composed, problems } = compose({
    sources: [source],
    links: {},
    types: {},
    isMissing: () => false,
  });
  if (composed === undefined) throw new Error(JSON.stringify(problems));
  return composed;
}

describe('a registry', () => {
  let retired: number[];
  const setUp = () =>
    createRegistry(OPTIONS, { graceMs: GRACE_MS, onRetired: ({ number }: Generation) => void retired.push(number) });

  beforeEach(() => {
    retired = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('counts generations up, and gives the last one to what begins', () => {
    const registry = setUp();
    expect(registry.current()).toBeUndefined();
    const first = registry.publish(composition());
    expect(registry.current()).toBe(first);
    const second = registry.publish(composition('bye'));
    expect(registry.current()).toBe(second);
    expect([first.number, second.number]).toEqual([1, 2]);
    expect(first.documents.prepare('{ hello }').errors).toBeUndefined();
    expect(second.documents.prepare('{ hello }').errors).toHaveLength(1);
  });

  it('retires no generation that serves, whatever comes and goes', () => {
    const registry = setUp();
    registry.publish(composition()).hold()();
    vi.advanceTimersByTime(10 * GRACE_MS);
    expect(retired).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a replaced generation for its grace, and retires it then', () => {
    const registry = setUp();
    registry.publish(composition());
    registry.publish(composition());
    vi.advanceTimersByTime(GRACE_MS - 1);
    expect(retired).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(retired).toEqual([1]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps a replaced generation as long as anything holds it', () => {
    const registry = setUp();
    const first = registry.publish(composition());
    const releases = [first.hold(), first.hold()];
    registry.publish(composition());
    vi.advanceTimersByTime(100 * GRACE_MS);
    releases[0]?.();
    expect(retired).toEqual([]);
    releases[1]?.();
    expect(retired).toEqual([1]);
  });

  it('counts who lets go twice once', () => {
    const registry = setUp();
    const first = registry.publish(composition());
    const [one] = [first.hold(), first.hold()];
    registry.publish(composition());
    vi.advanceTimersByTime(GRACE_MS);
    one?.();
    one?.();
    expect(retired).toEqual([]);
  });

  it('does not retire a generation within its grace, when the last one lets go', () => {
    const registry = setUp();
    const first = registry.publish(composition());
    const release = first.hold();
    registry.publish(composition());
    release();
    expect(retired).toEqual([]);
    const late = first.hold();
    vi.advanceTimersByTime(GRACE_MS);
    expect(retired).toEqual([]);
    late();
    expect(retired).toEqual([1]);
  });

  it('tells once that a generation is retired, even if something comes to it after all', () => {
    const registry = setUp();
    const first = registry.publish(composition());
    registry.publish(composition());
    vi.advanceTimersByTime(GRACE_MS);
    first.hold()();
    expect(retired).toEqual([1]);
  });

  it('retires generations in the order that they are let go, not that they came', () => {
    const registry = setUp();
    const first = registry.publish(composition());
    const release = first.hold();
    registry.publish(composition());
    registry.publish(composition());
    vi.advanceTimersByTime(GRACE_MS);
    expect(retired).toEqual([2]);
    release();
    expect(retired).toEqual([2, 1]);
  });

  it('leaves the graph as it is when what was built in slices is not wanted any more', async () => {
    vi.useRealTimers();
    const registry = setUp();
    const first = registry.publish(composition());
    expect(await registry.publishInSlices(composition('bye'), () => false)).toBeUndefined();
    expect(registry.current()).toBe(first);
    const second = await registry.publishInSlices(composition('bye'), () => registry.current() === first);
    expect(registry.current()).toBe(second);
    expect(second?.number).toBe(2);
  });

  it('plans with new options from the next generation on', () => {
    const registry = setUp();
    const first = registry.publish(composition());
    registry.configure({ ...OPTIONS, maxTokens: 2 });
    expect(first.documents.prepare('{ hello }').errors).toBeUndefined();
    expect(registry.publish(composition()).documents.prepare('{ hello }').errors).toHaveLength(1);
  });
});
