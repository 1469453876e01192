import type { Product } from '../../admin/models/product.ts';
import { canonicalJson, sha256 } from '../../admin/stores/canonical.ts';
import { describeError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { partOfSchema } from '../../schema/part-of-schema.ts';
import type { Generation } from '../../schema/registry.ts';
import type { Source } from '../../sources/source.ts';
import { formatProblems } from '../config/print-problems.ts';
import type { ConfigReading } from '../config/read-config.ts';
import type { CompileWorker } from '../graph/compile-worker.ts';
import { createGraph, type Graph } from '../graph/graph.ts';
import { generationOptions } from '../graph/load-graph.ts';
import { GIVEN_SOURCE, type GrantedProduct, type GraphAccess } from '../policy/access.ts';
import { createProductSource } from './product-source.ts';

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
  /** What keeps the graph of a tenant from being as its configuration says. */
  problemsOf(tenant: string): readonly string[];
  /** What the tenant was granted of others, as sources. */
  givenTo(tenant: string): readonly Source[];
  /** A graph that somebody else changes. */
  adopt(tenant: string, graph: Graph, apply: ApplyGiven): void;
  /** Builds what has changed, in the background. */
  refresh(tenants: Iterable<string>): void;
  /** The graph of the tenant serves a new generation: those that were granted parts of it follow. */
  published(tenant: string): void;
  whenSettled(): Promise<void>;
  graphs(): readonly Graph[];
  dispose(): Promise<void>;
}

interface Entry {
  key: string;
  readonly graph: Graph;
  access: GraphAccess;
  readonly tenants: Set<string>;
  /** Of a graph that somebody else changes. */
  readonly apply?: ApplyGiven | undefined;
}

/** Takes the tenant's configuration as it is now, with these sources beside its own; whether clients get another graph. */
export type ApplyGiven = (given: readonly Source[]) => Promise<boolean>;

interface GivenPart {
  readonly owner: string;
  readonly source: Source;
  readonly products: ReadonlyMap<string, readonly GrantedProduct[]>;
  readonly key: string;
}

const RETRY_MS = 15_000;
const IDLE_CHECK_MS = 5_000;
const GRACE_MS = 10_000;
const MOST_TOLD = 20;

/** The graphs of all tenants. Those with equal content share one. */
export function createTenantGraphs({ log, compiler, contentOf, nameOf, productOf }: TenantGraphsDeps): TenantGraphs {
  const byTenant = new Map<string, Entry>();
  const byKey = new Map<string, Entry>();
  const problems = new Map<string, readonly string[]>();
  /** Product sources by owner and SDL: they stay the same as long as nothing of them changes. */
  const parts = new Map<string, { readonly sdl: string; readonly source: Source }>();
  const waiting = new Set<string>();
  /** Tenants may be granted products of one another. */
  const building = new Set<string>();
  const retired = new Set<Graph>();
  let working: Promise<void> | undefined;
  let retry: NodeJS.Timeout | undefined;
  let disposed = false;

  /** What an owner's graph gives of its products. */
  const partOf = (owner: string, products: readonly Product[]): GivenPart | undefined => {
    const entry = byTenant.get(owner);
    const generation = entry?.graph.registry.current();
    if (entry === undefined || generation === undefined) return undefined;
    const fields = [...new Set(products.flatMap((product) => product.fields))].sort();
    // What a tenant was granted is not its to give.
    const isGranted = (coordinate: string) => entry.access.granted.has(coordinate);
    const { sdl } = partOfSchema(generation.composition, fields, isGranted);
    if (sdl === '') return undefined;
    const name = `${GIVEN_SOURCE}${nameOf(owner)}`;
    const id = `${owner} ${sha256(fields.join())}`;
    let known = parts.get(id);
    if (known?.sdl !== sdl) {
      known = {
        sdl,
        source: createProductSource(name, sdl, { current: () => byTenant.get(owner)?.graph.registry.current() }),
      };
      parts.set(id, known);
    }
    const byField = new Map<string, GrantedProduct[]>();
    for (const { _id, name: productName, fields: own } of products)
      for (const coordinate of partOfSchema(generation.composition, own, isGranted).coordinates) {
        const having = byField.get(coordinate) ?? [];
        byField.set(coordinate, [...having, { id: _id, name: productName }]);
      }
    const key = `${id} ${sha256(sdl)} ${products.map((product) => product._id).join()}`;
    return { owner, source: known.source, products: byField, key };
  };

  const build = async (tenant: string): Promise<void> => {
    const content = contentOf(tenant);
    const current = byTenant.get(tenant);
    const isEmpty = content === undefined || (content.ownKey === '' && content.granted.length === 0);
    if (isEmpty && current?.apply === undefined) {
      leave(tenant);
      problems.delete(tenant);
      return;
    }
    const owners = byOwner(content?.granted ?? []);
    building.add(tenant);
    try {
      for (const owner of owners.keys()) if (!byTenant.has(owner) && !building.has(owner)) await build(owner);
    } finally {
      building.delete(tenant);
    }
    const given = [...owners].flatMap(([owner, products]) => partOf(owner, products) ?? []);
    const key = sha256(canonicalJson([content?.ownKey ?? '', given.map((part) => part.key).sort()]));
    if (current?.key === key) return;
    const sources = given.map(({ source }) => source);
    const granted = new Map(given.flatMap(({ products }) => [...products]));
    const access: GraphAccess = {
      granted,
      ownProduct: createOwnProducts(() => byTenant.get(tenant)?.graph, productOf),
    };
    if (current?.apply !== undefined) {
      const isNew = await current.apply(sources);
      current.key = key;
      current.access = access;
      if (isNew) published(tenant);
      return;
    }
    if (content === undefined) return;
    const shared = byKey.get(key);
    if (shared !== undefined) return join(tenant, shared);
    if (content.ownKey === '' && given.length === 0) return leave(tenant);

    const { config, problems: known } = await content.read();
    const generation = generationOptions(config);
    if (current !== undefined && current.tenants.size === 1) {
      const request = {
        config,
        known,
        generation,
        given: sources,
        changedFiles: new Set<string>(),
        asksServices: false,
      };
      const { isNew } = await current.graph.change(request);
      byKey.delete(current.key);
      current.key = key;
      current.access = access;
      byKey.set(key, current);
      if (isNew) published(tenant);
      return;
    }
    const graph = await createGraph(config, known, { log, generation, given: sources, compiler });
    const entry: Entry = { key, graph, access, tenants: new Set() };
    byKey.set(key, entry);
    join(tenant, entry);
    published(tenant);
  };

  const join = (tenant: string, entry: Entry) => {
    leave(tenant);
    entry.tenants.add(tenant);
    byTenant.set(tenant, entry);
  };
  const leave = (tenant: string) => {
    const entry = byTenant.get(tenant);
    if (entry === undefined || entry.apply !== undefined) return;
    byTenant.delete(tenant);
    entry.tenants.delete(tenant);
    if (entry.tenants.size > 0) return;
    byKey.delete(entry.key);
    retired.add(entry.graph);
    disposeWhenIdle(entry.graph);
  };
  /** Requests and streams that began on it end on it. */
  const disposeWhenIdle = (graph: Graph) => {
    const look = () => {
      if (!graph.isIdle()) {
        setTimeout(look, IDLE_CHECK_MS).unref();
        return;
      }
      retired.delete(graph);
      graph.dispose().catch((error: unknown) => log.warn({ err: error }, 'a graph could not be closed'));
    };
    setTimeout(look, GRACE_MS).unref();
  };

  const published = (owner: string) => {
    const followers = [...byTenant.keys(), ...problems.keys()].filter(
      (tenant) => contentOf(tenant)?.granted.some((product) => product.tenant === owner) === true,
    );
    refresh(followers);
  };

  const work = async () => {
    for (const tenant of waiting) {
      waiting.delete(tenant);
      if (disposed) return;
      try {
        await build(tenant);
        problems.delete(tenant);
      } catch (error) {
        const told = describe(error);
        if (problems.get(tenant)?.join() !== told.join())
          log.error(
            { tenant: nameOf(tenant), problems: told.slice(0, MOST_TOLD) },
            'the graph of a tenant cannot be built: it stays as it was',
          );
        problems.set(tenant, told);
        retryLater();
      }
    }
  };
  const retryLater = () => {
    retry ??= setTimeout(() => {
      retry = undefined;
      refresh(problems.keys());
    }, RETRY_MS).unref();
  };
  const refresh = (tenants: Iterable<string>) => {
    for (const tenant of tenants) waiting.add(tenant);
    if (waiting.size === 0 || working !== undefined || disposed) return;
    working = work().finally(() => {
      working = undefined;
      if (waiting.size > 0) refresh([]);
    });
  };

  return {
    of(tenant) {
      const entry = byTenant.get(tenant);
      if (entry !== undefined) return entry;
      if (!problems.has(tenant) && contentOf(tenant) !== undefined) {
        // Somebody waits for it: it comes before those that nobody has asked for.
        const others = [...waiting];
        waiting.clear();
        waiting.add(tenant);
        for (const other of others) waiting.add(other);
        refresh([]);
      }
      return undefined;
    },
    hasContent(tenant) {
      const content = contentOf(tenant);
      return content !== undefined && (content.ownKey !== '' || content.granted.length > 0);
    },
    givenTo: (tenant) =>
      [...byOwner(contentOf(tenant)?.granted ?? [])].flatMap(
        ([owner, products]) => partOf(owner, products)?.source ?? [],
      ),
    problemsOf: (tenant) => problems.get(tenant) ?? [],
    adopt(tenant, graph, apply) {
      const access = { granted: new Map(), ownProduct: createOwnProducts(() => graph, productOf) };
      const key = sha256(canonicalJson([contentOf(tenant)?.ownKey ?? '', []]));
      byTenant.set(tenant, { key, graph, access, tenants: new Set([tenant]), apply });
    },
    refresh,
    published,
    async whenSettled() {
      while (working !== undefined) await working;
    },
    graphs: () => [...new Set([...byTenant.values()].map(({ graph }) => graph))],
    async dispose() {
      disposed = true;
      clearTimeout(retry);
      await working;
      const own = [...new Set([...byTenant.values()])]
        .filter(({ apply }) => apply === undefined)
        .map(({ graph }) => graph);
      await Promise.all([...new Set([...own, ...retired])].map((graph) => graph.dispose()));
    },
  };
}

/** Fields of the products of a graph's own tenant, read once for each generation. */
function createOwnProducts(
  graphOf: () => Graph | undefined,
  productOf: (id: string) => Product | undefined,
): GraphAccess['ownProduct'] {
  const kept = new WeakMap<Generation, Map<Product, ReadonlySet<string>>>();
  return (id) => {
    const generation = graphOf()?.registry.current();
    const product = productOf(id);
    if (generation === undefined || product === undefined) return undefined;
    const known = kept.get(generation) ?? new Map<Product, ReadonlySet<string>>();
    kept.set(generation, known);
    const fields = known.get(product) ?? partOfSchema(generation.composition, product.fields).coordinates;
    known.set(product, fields);
    return fields;
  };
}

function byOwner(products: readonly Product[]): ReadonlyMap<string, readonly Product[]> {
  const owners = new Map<string, Product[]>();
  for (const product of products) owners.set(product.tenant, [...(owners.get(product.tenant) ?? []), product]);
  return owners;
}

function describe(error: unknown): readonly string[] {
  if (!(error instanceof ProblemsError)) return [describeError(error)];
  return linesOf(error.problems);
}

export function linesOf(problems: readonly Problem[]): readonly string[] {
  const text = formatProblems(problems, { file: 'the configuration', locate: () => undefined, color: false });
  return text.split('\n').filter((line) => line.trim() !== '');
}
