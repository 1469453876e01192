import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { userError } from '../admin/errors.ts';
import { ProblemsError } from '../kernel/problem.ts';
import { createMemoryLog } from '../test/utils/call-context.ts';
import { deferred } from '../test/utils/deferred.ts';
import { type ConfigReading, readConfig } from './config/read-config.ts';
import type { ChangeRequest, Graph, GraphChange } from './graph/graph.ts';
import { createReloader, type Reloader } from './reload.ts';

const NOT_TAKEN = 'the change is not taken: the graph stays as it was';
const PATIENCE = { timeout: 15_000 };
const NOTHING = { breaking: [], dangerous: [], safe: [] };
const taken: GraphChange = { generation: 2, isNew: true, changes: async () => NOTHING };
const same: GraphChange = { generation: 1, isNew: false, changes: async () => NOTHING };
const broken = (message: string) => new ProblemsError([{ path: ['sources'], message }]);

describe('a reloader', () => {
  let folder: string;
  let file: string;
  let asked: ChangeRequest[];
  let answer: (request: ChangeRequest) => Promise<GraphChange>;
  let log: ReturnType<typeof createMemoryLog>;
  let used: unknown[];
  let reloader: Reloader | undefined;

  /** With files watched by hand only, unless a test says otherwise. */
  const start = async (text = 'reload: { files: false }', commit?: () => Promise<void>) => {
    await writeFile(file, text);
    const graph = {
      files: () => new Set<string>(),
      change: (request: ChangeRequest) => {
        asked.push(request);
        return answer(request);
      },
    } as unknown as Graph;
    const settings = { use: (config: unknown) => void used.push(config) } as never;
    const merge = commit && (async (reading: ConfigReading) => ({ reading, isFile: true, commit }));
    reloader = createReloader({ graph, reading: await readConfig(file, {}), settings, env: () => ({}), log, merge });
    return reloader;
  };
  const told = (message: string) => log.lines.filter((line) => line.message === message);
  const files = (...names: string[]) => new Set(names);
  /** Lets retries run that are due: they read the file, which no fake clock does. */
  const passed = async (ms: number, count: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    await vi.waitFor(() => expect(asked).toHaveLength(count), PATIENCE);
    // The change before this one has settled when this resolves.
    await settled();
  };
  const settled = () => new Promise<void>((resolve) => setImmediate(() => setImmediate(resolve)));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'skein-reload-'));
    file = join(folder, 'skein.yaml');
    asked = [];
    used = [];
    answer = async () => taken;
    log = createMemoryLog();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });

  afterEach(async () => {
    reloader?.stop();
    vi.useRealTimers();
    await rm(folder, { recursive: true });
  });

  it('reads the file anew for each change, and hands on what changed', async () => {
    const { reload } = await start();
    await writeFile(file, 'limits: { depth: 3 }\nreload: { files: false }');
    await reload(files('/a'), true);
    expect(asked).toMatchObject([{ config: { limits: { depth: 3 } }, asksServices: true, known: [] }]);
    expect([...(asked[0]?.changedFiles ?? [])]).toEqual(['/a']);
    expect(used).toEqual([asked[0]?.config]);
    expect(told('the graph has changed')).toHaveLength(1);
  });

  it('takes nothing away for a file that is empty: it is being written, or there was no room for it', async () => {
    const { reload } = await start();
    answer = ({ known }) => (known.length > 0 ? Promise.reject(new ProblemsError(known)) : Promise.resolve(taken));
    await writeFile(file, '\n');
    await reload(files(), false);
    expect(used).toEqual([]);
    expect(JSON.stringify(told(NOT_TAKEN))).toContain('The file is empty');
    await writeFile(file, '{}');
    await reload(files(), false);
    expect(used).toHaveLength(1);
  });

  it('goes on with a file that was empty from the beginning', async () => {
    const { reload } = await start('');
    await reload(files(), true);
    expect(asked).toMatchObject([{ known: [] }]);
    expect(used).toHaveLength(1);
  });

  it('takes settings of a file whose graph is the same, without a word', async () => {
    const { reload } = await start();
    answer = async () => same;
    await reload(files(), false);
    expect(used).toHaveLength(1);
    expect(log.lines).toEqual([]);
  });

  it('takes settings when the graph serves, before that is written and compared', async () => {
    const [written, compared] = [deferred<void>(), deferred<typeof NOTHING>()];
    const { reload } = await start(undefined, () => written.promise);
    answer = async () => ({ ...taken, changes: () => compared.promise });
    const reloading = reload(files(), false);
    await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE);
    await settled();
    expect(used).toHaveLength(1);
    written.resolve();
    compared.resolve(NOTHING);
    await reloading;
    expect(used).toHaveLength(1);
  });

  it('writes a change again that serves and could not be written', async () => {
    let writes = 0;
    const { reload } = await start(undefined, async () => {
      writes += 1;
      if (writes === 1) throw new Error('The store does not answer.');
    });
    await reload(files(), false);
    expect(used).toHaveLength(1);
    expect(told('the change serves, and is not in the store: it is tried again')).toHaveLength(1);
    expect(told(NOT_TAKEN)).toEqual([]);
    await passed(5_000, 2);
    expect(writes).toBe(2);
    await passed(1_000_000, 2);
  });

  it('makes a change anew at once where somebody else published meanwhile, and not for ever', async () => {
    let writes = 0;
    const { reload } = await start(undefined, async () => {
      writes += 1;
      if (writes !== 2) throw userError('TAKEN', [], 'There is one already.');
    });
    await reload(files('/a'), true);
    expect(asked.map(({ asksServices }) => asksServices)).toEqual([true, false]);
    expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
    await reload(files(), false);
    expect(writes).toBe(7);
    expect(told('the change serves, and is not in the store: it is tried again')).toHaveLength(1);
  });

  it('warns of a change that breaks clients, with what breaks', async () => {
    const { reload } = await start();
    const breaking = [{ path: 'Query.a', message: "Field 'a' was removed", type: 'FIELD_REMOVED' }];
    answer = async () => ({ ...taken, changes: async () => ({ ...NOTHING, breaking }) }) as unknown as GraphChange;
    await reload(files(), false);
    expect(told('the graph has changed, and clients may break')).toHaveLength(1);
    expect(JSON.stringify(log.lines)).toContain('was removed');
  });

  it('tells why a change is not taken once, as long as the reason is the same', async () => {
    const { reload } = await start();
    answer = () => Promise.reject(broken('It is wrong.'));
    await reload(files(), false);
    await reload(files(), false);
    expect(told(NOT_TAKEN)).toHaveLength(1);
    expect(JSON.stringify(log.lines)).toContain('It is wrong.');
    answer = () => Promise.reject(broken('It is wrong in another way.'));
    await reload(files(), false);
    expect(told(NOT_TAKEN)).toHaveLength(2);
    expect(used).toEqual([]);
  });

  it('tells the same reason again when the change was right in between', async () => {
    const { reload } = await start();
    for (const next of [() => Promise.reject(broken('Wrong.')), async () => taken]) {
      answer = next;
      await reload(files(), false);
    }
    answer = () => Promise.reject(broken('Wrong.'));
    await reload(files(), false);
    expect(told(NOT_TAKEN)).toHaveLength(2);
  });

  it('tries a change again that was not taken, less and less often, with all that had changed', async () => {
    const { reload } = await start();
    answer = () => Promise.reject(broken('Late.'));
    await reload(files('/a'), true);
    await passed(4_999, 1);
    await passed(1, 2);
    await passed(9_999, 2);
    await passed(1, 3);
    await reload(files('/b'), false);
    expect(asked).toHaveLength(4);
    expect(asked.map(({ asksServices }) => asksServices)).toEqual([true, true, true, true]);
    expect([...(asked[3]?.changedFiles ?? [])]).toEqual(['/a', '/b']);
    answer = async () => taken;
    await reload(files(), false);
    await passed(1_000_000, 5);
    await reload(files('/c'), false);
    expect([...(asked[5]?.changedFiles ?? [])]).toEqual(['/c']);
    expect(asked[5]?.asksServices).toBe(false);
  });

  it('makes one change after the other', async () => {
    const { reload } = await start();
    const first = deferred<GraphChange>();
    answer = () => first.promise;
    const changes = [reload(files('/a'), false), reload(files('/b'), false)];
    await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE);
    await settled();
    expect(asked).toHaveLength(1);
    answer = async () => taken;
    first.resolve(taken);
    await Promise.all(changes);
    expect(asked.map(({ changedFiles }) => [...changedFiles])).toEqual([['/a'], ['/b']]);
  });

  it('never rejects, whatever fails', async () => {
    const { reload } = await start();
    answer = () => Promise.reject(new Error('unforeseen'));
    await expect(reload(files(), false)).resolves.toBeUndefined();
    expect(told(NOT_TAKEN)).toHaveLength(1);
  });

  it('asks services again and again when it is told to, and as often as the file says now', async () => {
    const { reload } = await start('reload: { files: false, servicesEveryMs: 2000 }');
    answer = async () => same;
    await passed(1_999, 0);
    await passed(1, 1);
    await passed(2_000, 2);
    expect(asked.every(({ asksServices }) => asksServices)).toBe(true);
    await writeFile(file, 'reload: { files: false }');
    await reload(files(), false);
    await passed(100_000, 3);
  });

  it('does nothing more once it is stopped', async () => {
    const { reload, stop } = await start('reload: { files: false, servicesEveryMs: 2000 }');
    answer = () => Promise.reject(broken('Wrong.'));
    await reload(files(), false);
    stop();
    await reload(files(), false);
    await passed(1_000_000, 1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has no timer left when it is stopped in the middle of a change', async () => {
    const { reload, stop } = await start('reload: { files: false, servicesEveryMs: 2000 }');
    const held = deferred<GraphChange>();
    answer = () => held.promise;
    const reloading = reload(files(), false);
    await vi.waitFor(() => expect(asked).toHaveLength(1), PATIENCE);
    stop();
    held.resolve(taken);
    await reloading;
    expect(vi.getTimerCount()).toBe(0);
  });
});
