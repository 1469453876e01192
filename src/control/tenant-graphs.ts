import type { Product } from '../../admin/models/product.ts';
import { sha256 } from '../../admin/stores/sha256.ts';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { Meter } from '../../sources/ai/meter.ts';
import type { Source } from '../../sources/source.ts';
import { formatProblems } from '../config/print-problems.ts';
import type { ConfigReading } from '../config/read-config.ts';
import type { CompileWorker } from '../graph/compile-worker.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import { generationOptions } from '../graph/load-graph.ts';
import type { GraphAccess } from '../policy/graph-access.ts';
import { createWorkQueue } from './build-queue.ts';
import { compilerOf } from './compile-turns.ts';
import { byOwner, createGivenParts, createOwnProducts, type GivenPart } from './given-parts.ts';

/** What the graph of a tenant is made of, as of now. */
export interface GraphContent {
  /** Equal for tenants whose own configuration is the same in all that matters; empty: there is none. */
  readonly ownKey: string;
  /** Reads the own configuration. */
  read(): Promise<ConfigReading>;
  /** Products of other tenants that its apps were granted. */
  readonly granted: readonly Product[];
}

export interface TenantGraph {
  readonly graph: Graph;
  readonly access: GraphAccess;
}

export interface TenantGraphsDeps {
  readonly log: Log;
  readonly compiler: CompileWorker;
  readonly meter: Meter;
  /** Undefined: there is no such tenant. */
  contentOf(tenant: string): GraphContent | undefined;
  nameOf(tenant: string): string;
  productOf(id: string): Product | undefined;
}

export interface TenantGraphs {
  /** The graph of the tenant; one that is not built yet is built next. */
  of(tenant: string): TenantGraph | undefined;
  /** Whether the tenant has anything that a graph could be made of. */
  hasContent(tenant: string): boolean;
  /** What keeps the graph of a tenant from being as its configuration and its grants say. */
  problemsOf(tenant: string): readonly string[];
  /** What the tenant was granted of others, as sources. */
  givenTo(tenant: string): readonly Source[];
  /** Each graph once, under the first name of the tenants that share it; that of the default tenant comes first. */
  all(): readonly { readonly tenant: string; readonly graph: Graph }[];
  /** Counts for operators: `failedBuilds` since the start, the others as of now. */
  counts(): { readonly failedBuilds: number; readonly tenantsFailing: number; readonly graphsLeaving: number };
  /** A graph that somebody else changes, made of the configuration with that key and of nothing of others. */
  adopt(tenant: string, graph: Graph, ownKey: string, apply: ApplyGiven): void;
  /** Resolves when there is nothing to build for the tenant, but for what is tried again later. */
  whenBuilt(tenant: string): Promise<void>;
  /** Builds what has changed, in the background. */
  refresh(tenants: Iterable<string>): void;
  /** The graph of the tenant serves a new generation: those that were granted parts of it follow. */
  published(tenant: string): void;
  whenSettled(): Promise<void>;
  dispose(): Promise<void>;
}

/** Takes the tenant's configuration as it is now, with these sources beside its own; whether clients get another graph. */
export type ApplyGiven = (given: readonly Source[]) => Promise<boolean>;

interface Entry {
  /** What it is made of. */
  key: string;
  readonly graph: Graph;
  access: GraphAccess;
  given: readonly Source[];
  /** Tenants with equal content share one. */
  readonly tenants: Set<string>;
  /** Of a graph that somebody else changes. */
  readonly apply?: ApplyGiven | undefined;
}

/** What a tenant was granted, as far as its owners have it. */
interface Given {
  readonly key: string;
  readonly sources: readonly Source[];
  readonly granted: GraphAccess['granted'];
  /** Why there is nothing of an owner. */
  readonly reasons: readonly string[];
}

/** What is made anew for a tenant, and what it has. */
interface Making {
  readonly content: GraphContent | undefined;
  readonly current: Entry | undefined;
  readonly given: Given;
  readonly key: string;
}

const IDLE_CHECK_MS = 5_000;
const GRACE_MS = 10_000;
const MOST_TOLD = 20;
const NO_FILES: ReadonlySet<string> = new Set();

/** The graphs of all tenants. Those with equal content share one. */
export function createTenantGraphs({
  log,
  compiler,
  meter,
  contentOf,
  nameOf,
  productOf,
}: TenantGraphsDeps): TenantGraphs {
  const byTenant = new Map<string, Entry>();
  const byKey = new Map<string, Entry>();
  /** Why a build came to nothing, and what of others was left out of one. */
  const failures = new Map<string, readonly string[]>();
  const leftOut = new Map<string, readonly string[]>();
  const retired = new Set<Graph>();
  let failedBuilds = 0;
  /** Builds under way by tenant: each has one at the most. */
  const building = new Map<string, Promise<boolean>>();
  /** Owners that are being built for the first time, and whose lack was not told for that. */
  const awaited = new Set<string>();
  /** Whose graph a build waits for. Tenants may be granted products of one another. */
  const waitsFor = new Map<string, string>();
  /** Graphs that are being made, by what they are made of. */
  const making = new Map<string, Promise<void>>();
  /** What graphs that are being made are given. */
  const giving = new Map<string, readonly Source[]>();
  const parts = createGivenParts({
    nameOf,
    productOf,
    graphOf(owner) {
      const entry = byTenant.get(owner);
      const generation = entry?.graph.registry.current();
      return entry === undefined || generation === undefined ? undefined : { generation, access: entry.access };
    },
  });

  const givenFor = (products: readonly Product[]): Given => {
    const found = [...byOwner(products)].map(([owner, offered]) => parts.of(owner, offered));
    const isLate = (owner: string) => {
      const late = building.has(owner) && ![byTenant, failures, leftOut].some((known) => known.has(owner));
      if (late) awaited.add(owner);
      return late;
    };
    const there = found.filter((one): one is GivenPart => 'source' in one);
    return {
      key: canonicalJson(there.map(({ key }) => key).sort()),
      sources: there.map(({ source }) => source),
      granted: new Map(there.flatMap(({ products: byField }) => [...byField])),
      reasons: found.flatMap((one) => ('reason' in one && !isLate(one.owner) ? [one.reason] : [])),
    };
  };

  const build = async (tenant: string): Promise<void> => {
    const content = contentOf(tenant);
    const current = byTenant.get(tenant);
    const isEmpty = content === undefined || (content.ownKey === '' && content.granted.length === 0);
    if (isEmpty && current?.apply === undefined) return leave(tenant);

    await buildOwners(tenant, content?.granted ?? []);
    const given = givenFor(content?.granted ?? []);
    const key = sha256(canonicalJson([content?.ownKey ?? '', given.key]));
    if (current?.key === key) return note(tenant, current, given);
    giving.set(tenant, given.sources);
    const made = making.get(key);
    if (made !== undefined) {
      // What there is to be made may be something else by then.
      await made;
      return build(tenant);
    }
    const begun = make(tenant, { content, current, given, key });
    making.set(
      key,
      begun.catch(() => {}).finally(() => void making.delete(key)),
    );
    return begun;
  };
  const make = async (tenant: string, { content, current, given, key }: Making): Promise<void> => {
    const change = async (entry: Entry, work: () => Promise<boolean>) => {
      const { access: before } = entry;
      // What was taken away has no effect from now on, what has come is not there before the graph has it.
      entry.access = accessOf(entry.graph, given);
      // Nobody joins what is becoming something else.
      if (entry.apply === undefined) byKey.delete(entry.key);
      let isNew: boolean;
      try {
        isNew = await work();
      } catch (error) {
        entry.access = before;
        if (entry.apply === undefined) byKey.set(entry.key, entry);
        throw error;
      }
      Object.assign(entry, { key, given: given.sources });
      if (entry.apply === undefined) byKey.set(key, entry);
      note(tenant, entry, given);
      if (isNew) for (const sharing of entry.tenants) published(sharing);
    };
    if (current?.apply !== undefined) {
      const { apply } = current;
      return change(current, () => apply(given.sources));
    }
    if (content === undefined || (content.ownKey === '' && given.sources.length === 0)) {
      leave(tenant);
      leftOut.set(tenant, given.reasons);
      return;
    }
    const shared = byKey.get(key);
    if (shared !== undefined) {
      join(tenant, shared);
      note(tenant, shared, given);
      return published(tenant);
    }
    const { config, problems: known } = await content.read();
    const options = { generation: generationOptions(config), given: given.sources, mayLack: true };
    if (current !== undefined && current.tenants.size === 1) {
      const request = { config, known, ...options, changedFiles: NO_FILES, asksServices: false };
      return change(current, async () => (await current.graph.change(request)).isNew);
    }
    const tenants = new Set<string>();
    const onJoined = () => {
      for (const sharing of tenants) published(sharing);
      // What is told of it may not hold any more.
      queue.add(tenants);
    };
    const deps = { log, compiler: compilerOf(compiler, tenant), meter, onJoined, ...options };
    const graph = await createGraph(config, known, deps);
    const entry: Entry = { key, graph, access: accessOf(graph, given), given: given.sources, tenants };
    byKey.set(key, entry);
    join(tenant, entry);
    note(tenant, entry, given);
    published(tenant);
  };
  /** Those of whom it was granted something come first, so that it need not be built twice. */
  const buildOwners = async (tenant: string, granted: readonly Product[]) => {
    for (const owner of byOwner(granted).keys()) {
      const isWanted = !byTenant.has(owner) && !failures.has(owner) && hasContent(owner);
      if (!isWanted || isWaitingFor(owner, tenant)) continue;
      waitsFor.set(tenant, owner);
      await (building.get(owner) ?? buildOrTell(owner));
      waitsFor.delete(tenant);
    }
  };
  const isWaitingFor = (one: string, other: string): boolean => {
    for (let next: string | undefined = one; next !== undefined; next = waitsFor.get(next))
      if (next === other) return true;
    return false;
  };
  const accessOf = (graph: Graph, { granted }: Given): GraphAccess => ({
    granted,
    ownProduct: createOwnProducts(() => graph.registry.current(), productOf),
  });
  /** Remembers what of others is not in the graph, and tells it once. */
  const note = (tenant: string, { graph, apply }: Entry, { reasons }: Given) => {
    const lost = apply === undefined ? graph.uncheckedLinks() : [];
    const misfits = [...graph.givenOut()].flatMap(([name, problems]) =>
      linesOf(problems).map((line) => `What "${ownerIn(name)}" offers is left out: ${line}`),
    );
    const told = [...reasons, ...misfits, ...lost.map((link) => `The link ${link} leads to what is not there.`)];
    if (told.length > 0 && told.join() !== leftOut.get(tenant)?.join())
      log.warn(
        { tenant: nameOf(tenant), problems: told.slice(0, MOST_TOLD) },
        'what a tenant was granted is not in its graph',
      );
    leftOut.set(tenant, told);
  };

  const join = (tenant: string, entry: Entry) => {
    const old = byTenant.get(tenant);
    entry.tenants.add(tenant);
    byTenant.set(tenant, entry);
    if (old !== undefined) letGo(tenant, old);
  };
  const leave = (tenant: string) => {
    leftOut.delete(tenant);
    const entry = byTenant.get(tenant);
    if (entry === undefined || entry.apply !== undefined) return;
    byTenant.delete(tenant);
    letGo(tenant, entry);
    published(tenant);
  };
  const letGo = (tenant: string, entry: Entry) => {
    entry.tenants.delete(tenant);
    if (entry.tenants.size > 0) return;
    byKey.delete(entry.key);
    retired.add(entry.graph);
    disposeWhenIdle(entry.graph);
  };
  /** Requests and streams that began on it end on it. */
  const disposeWhenIdle = (graph: Graph) => {
    const look = () => {
      if (!retired.has(graph)) return;
      if (!graph.isIdle()) {
        setTimeout(look, IDLE_CHECK_MS).unref();
        return;
      }
      retired.delete(graph);
      graph.dispose().catch((error: unknown) => log.warn({ err: error }, 'a graph could not be closed'));
    };
    setTimeout(look, GRACE_MS).unref();
  };

  const buildOrTell = (tenant: string): Promise<boolean> => {
    const built = Promise.resolve(tenant)
      .then(buildAlone)
      .finally(() => {
        building.delete(tenant);
        giving.delete(tenant);
        if (awaited.delete(tenant) && !byTenant.has(tenant)) published(tenant);
      });
    building.set(tenant, built);
    return built;
  };
  const buildAlone = async (tenant: string): Promise<boolean> => {
    try {
      await build(tenant);
      failures.delete(tenant);
      const used = new Set([...[...byTenant.values()].flatMap(({ given }) => given), ...[...giving.values()].flat()]);
      parts.keepOnly((source) => used.has(source));
      return true;
    } catch (error) {
      failedBuilds += 1;
      const told = describe(error);
      if (failures.get(tenant)?.join() !== told.join())
        log.error(
          { tenant: nameOf(tenant), problems: told.slice(0, MOST_TOLD) },
          'the graph of a tenant cannot be built: it stays as it was',
        );
      failures.set(tenant, told);
      return false;
    }
  };
  const queue = createWorkQueue(async (tenant) => {
    // Another one that was granted something of it may have begun with it.
    while (building.has(tenant)) await building.get(tenant);
    return buildOrTell(tenant);
  });
  const published = (owner: string) => {
    const known = new Set([...byTenant.keys(), ...failures.keys(), ...leftOut.keys(), ...building.keys()]);
    const followers = [...known].filter(
      (tenant) => contentOf(tenant)?.granted.some((product) => product.tenant === owner) === true,
    );
    queue.add(followers);
  };
  const hasContent = (tenant: string): boolean => {
    const content = contentOf(tenant);
    return content !== undefined && (content.ownKey !== '' || content.granted.length > 0);
  };

  return {
    of(tenant) {
      const entry = byTenant.get(tenant);
      // Somebody waits for it: it comes before those that nobody has asked for.
      const isKnown = entry !== undefined || failures.has(tenant) || leftOut.has(tenant) || building.has(tenant);
      if (!isKnown && hasContent(tenant)) queue.addFirst(tenant);
      return entry;
    },
    hasContent,
    givenTo: (tenant) => {
      const out = byTenant.get(tenant)?.graph.givenOut();
      return givenFor(contentOf(tenant)?.granted ?? []).sources.filter(({ name }) => out?.has(name) !== true);
    },
    all() {
      const entries = [...new Set(byTenant.values())].map((entry) => ({
        isDefault: entry.apply !== undefined,
        tenant: [...entry.tenants].map(nameOf).sort()[0] ?? '',
        graph: entry.graph,
      }));
      const rank = (one: { isDefault: boolean; tenant: string }) => (one.isDefault ? '' : one.tenant);
      return entries.sort((one, other) => (rank(one) < rank(other) ? -1 : 1));
    },
    counts: () => ({ failedBuilds, tenantsFailing: failures.size, graphsLeaving: retired.size }),
    problemsOf: (tenant) => [...(failures.get(tenant) ?? []), ...(leftOut.get(tenant) ?? [])],
    adopt(tenant, graph, ownKey, apply) {
      const nothing: Given = { key: '', sources: [], granted: new Map(), reasons: [] };
      const key = sha256(canonicalJson([ownKey, givenFor([]).key]));
      const access = accessOf(graph, nothing);
      byTenant.set(tenant, { key, graph, access, given: [], tenants: new Set([tenant]), apply });
    },
    async whenBuilt(tenant) {
      await building.get(tenant);
      await queue.whenDone(tenant);
    },
    refresh: queue.add,
    published,
    whenSettled: queue.whenSettled,
    async dispose() {
      await queue.stop();
      const own = [...byTenant.values()].filter(({ apply }) => apply === undefined).map(({ graph }) => graph);
      const all = new Set([...own, ...retired]);
      retired.clear();
      await Promise.all([...all].map((graph) => graph.dispose()));
    },
  };
}

function ownerIn(source: string): string {
  return source.slice(source.indexOf('/') + 1);
}

function describe(error: unknown): readonly string[] {
  return error instanceof ProblemsError ? linesOf(error.problems) : [describeError(error)];
}

/** Problems as people read them, a line each. */
export function linesOf(problems: readonly Problem[]): readonly string[] {
  const text = formatProblems(problems, { file: 'the configuration', locate: () => undefined, color: false });
  return text.split('\n').filter((line) => line.trim() !== '');
}
