import { join, resolve } from 'node:path';
import { type Actor, SYSTEM } from '../../admin/actor.ts';
import { DEFAULT_TENANT } from '../../admin/models/record.ts';
import type { ConfigurationState, Revision } from '../../admin/models/revision.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import type { Webhook } from '../../admin/models/webhook.ts';
import type { Encryption } from '../../admin/secrets/encryption.ts';
import type { Store } from '../../admin/store/store.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import type { AdminPorts } from '../../admin/stores/ports.ts';
import { resources } from '../../admin/stores/resources.ts';
import { defaultTenant } from '../../admin/stores/tenants.ts';
import { canonicalJson } from '../../kernel/canonical-json.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Clock, Log } from '../../kernel/ports.ts';
import type { Meter } from '../../sources/ai/meter.ts';
import type { ConfigReading } from '../config/read-config.ts';
import type { SkeinConfig } from '../config/schema.ts';
import type { Environment } from '../config/substitute.ts';
import type { CompileWorker } from '../graph/compile-worker.ts';
import type { Graph } from '../graph/graph.ts';
import type { ControlState, GatewayState } from '../metering/metrics/gateway-state.ts';
import { usageOptions } from '../metering/options.ts';
import { createRetention } from '../metering/retention.ts';
import { checkEntryAlone, createValidation } from './admin-ports.ts';
import { createDirectory, type LiveDirectory } from './directory.ts';
import { createDocumentFiles } from './document-files.ts';
import { FILE_ACTOR, lastFileState, mergeFile, publishFile, stateOfFile } from './file-revision.ts';
import { orAgain, within } from './patience.ts';
import { createPlayground } from './playground.ts';
import type { Changed } from './records.ts';
import { followStore, type StoreHealth, type Sync } from './sync.ts';
import { readTenantConfiguration } from './tenant-configuration.ts';
import { type ApplyGiven, createTenantGraphs, type TenantGraph } from './tenant-graphs.ts';
import { createTenantSecrets, type KnownSecret, stateOfSecrets } from './tenant-secrets.ts';
import { createUsedTimes } from './used-times.ts';
import { createWebhooks } from './webhooks.ts';

export interface ControlPlaneDeps {
  readonly store: Store;
  readonly encryption: Encryption;
  readonly compiler: CompileWorker;
  readonly env: Environment;
  readonly dataFolder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Told of every call of a model. */
  readonly meter: Meter;
}

/** The store as the gateway sees it: who there is, and the graphs of tenants. */
export interface ControlPlane {
  directory(): LiveDirectory;
  readonly meter: Meter;
  /** The environment of the default tenant, with its secrets. */
  environment(): Environment;
  /** What the default tenant serves by a file: what the file says, and what administrators have published beside it. */
  mergeFile(reading: ConfigReading, hasFile: boolean): Promise<MergedFile>;
  /** The graph of the default tenant serves; from now on the graphs of all others are built and kept up. */
  serve(graph: Graph, settings: () => SkeinConfig, apply: ApplyGiven): void;
  /** The default tenant's configuration as it is published now, with what the gateway was started with. */
  readDefault(): Promise<ConfigReading>;
  /** The default tenant's graph has changed by something else than the store. */
  published(): void;
  graphOf(tenant: string): TenantGraph | undefined;
  /** The gateway's own settings have changed, which all graphs are made with. */
  settingsChanged(): void;
  /** Why there is no graph for the tenant. */
  lackOf(tenant: string): SkeinError;
  contextOf(actor: Actor): AdminContext;
  noteUse(collection: 'keys' | 'tokens', id: string, at: number): void;
  /** Told when who may do what has changed. */
  onChange(listener: () => void): void;
  /** Told when a secret that settings of the file take, such as keys, has become another: it is to be read again. */
  onFileOutdated(listener: () => void): void;
  health(): StoreHealth;
  /** For metrics. */
  standing(): { readonly graphs: GatewayState['graphs']; readonly control: ControlState };
  /** What is written now is known when it resolves. */
  settle(): Promise<void>;
  /** Resolves when the graphs of all tenants are as they should be, as far as they can, or after that time. */
  whenBuilt(mostMs: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface MergedFile {
  readonly reading: ConfigReading;
  /** Whether it is what the file says, and nothing else. */
  readonly isFile: boolean;
  /**
   * Writes what the file has brought as a revision; nothing when it brought nothing.
   * @throws UserErrors when somebody else published meanwhile
   */
  commit(): Promise<void>;
}

interface Served {
  readonly text: string;
  readonly secrets: string;
  readonly reading: ConfigReading;
  readonly ownKey: string;
}

const LAST_WORDS_MS = 3_000;
const SETTLE_MS = 2_000;

const OWN = (tenant: string) => ({ all: false, tenant }) as const;

export async function createControlPlane(deps: ControlPlaneDeps): Promise<ControlPlane> {
  const { store, encryption, compiler, env, dataFolder, clock, log, meter } = deps;
  const directory = createDirectory(() => clock.now());
  /** Of each tenant its latest revision, without its state. */
  const latest = new Map<string, Omit<Revision, 'state' | 'file'>>();
  const hooks = new Map<string, Webhook>();
  const listeners = new Set<() => void>();
  let settings: (() => SkeinConfig) | undefined;
  /** What was last made of the file and the store together. */
  let served: Served | undefined;
  /** What the file has brought and the store could not take: it serves until somebody publishes after that revision. */
  let unwritten: { readonly state: ConfigurationState; readonly after: number | undefined } | undefined;
  /** Whether the working copy is as the last revision that was written of the file. */
  let isFollowed = true;
  /** The default tenant's secrets as whoever reads its file has them. */
  let givenToFile: readonly KnownSecret[] = [];
  /** What settings of the file take of them, by name, and how that was; whom to tell that it is another, once. */
  let taken = { names: new Set<string>() as ReadonlySet<string>, state: '', told: '' };
  let onFileOutdated = () => {};
  const documentsFolder = join(resolve(dataFolder === ':memory:' ? '.skein' : dataFolder), 'documents');

  const affect = (tenants: ReadonlySet<string>) => {
    if (settings !== undefined) graphs.refresh(tenants);
    checkSettings();
  };
  const secrets = createTenantSecrets({ encryption, env, log, onChange: affect });
  const takenOf = (names: ReadonlySet<string>, own: readonly KnownSecret[]) =>
    stateOfSecrets(own.filter(({ name }) => names.has(name)));
  const checkSettings = () => {
    const state = takenOf(taken.names, secrets.of(DEFAULT_TENANT));
    if (state === taken.state || state === taken.told) return;
    taken.told = state;
    onFileOutdated();
  };
  /** Whether it is newer than what is known. */
  const noteRevision = ({ state: _, file: __, ...revision }: Omit<Revision, 'state' | 'file'> & Partial<Revision>) => {
    const isNew = revision.number > (latest.get(revision.tenant)?.number ?? 0);
    if (isNew) latest.set(revision.tenant, revision);
    return isNew;
  };
  const stateOf = async (tenant: string, number: number | undefined): Promise<ConfigurationState> => {
    const revision = number === undefined ? undefined : await store.revisions.find(OWN(tenant), { tenant, number });
    return revision === undefined ? {} : (JSON.parse(revision.state) as ConfigurationState);
  };
  const documentsOf = async (tenant: string, state: ConfigurationState) => {
    const ids = Object.values(state).flatMap((entries) =>
      Object.values(entries).flatMap(({ document }) => document ?? []),
    );
    const found = ids.length === 0 ? [] : await store.documents.all(OWN(tenant), { _id: { $in: ids } });
    return new Map(found.map((document) => [document._id, document]));
  };
  const gatewaySettings = (): SkeinConfig => {
    if (settings === undefined) throw new Error('The gateway does not serve yet.');
    return settings();
  };
  const readState = async (
    tenant: Tenant,
    state: ConfigurationState,
    gateway: SkeinConfig,
    values: ReadonlyMap<string, string>,
    more?: ReadonlyMap<string, { name: string; text: string; hash: string }>,
  ) => {
    const documents = new Map([...(await documentsOf(tenant._id, state)), ...(more ?? [])]);
    return readTenantConfiguration({ tenant, state, secrets: values, documents }, { gateway, env, documentsFolder });
  };
  const contentOf = (id: string) => {
    const tenant = directory.tenantRecord(id);
    if (tenant === undefined || tenant.archivedAt !== null) return undefined;
    const revision = latest.get(id);
    const own = secrets.of(id);
    const gateway = gatewaySettings();
    return {
      ownKey: ownKeyOf(tenant, revision, own, gateway),
      // As the key says, whatever has come since: tenants with the same key share what is made of it.
      read: async () => readState(tenant, await stateOf(id, revision?.number), gateway, secrets.valuesOf(tenant, own)),
      granted: directory.productsOf(id).filter((product) => product.tenant !== id),
    };
  };
  const graphs = createTenantGraphs({
    ...{ log, compiler, meter, contentOf },
    nameOf: (tenant) => directory.tenantRecord(tenant)?.name ?? tenant,
    productOf: (id) => directory.product(id),
  });

  const take = (changed: Changed) => {
    directory.take(changed);
    const affected = new Set<string>();
    for (const tenant of changed.tenants) affected.add(tenant._id);
    if (changed.tenants.length > 0) for (const tenant of directory.followersOf(changed.tenants)) affected.add(tenant);
    for (const revision of changed.revisions) if (noteRevision(revision)) affected.add(revision.tenant);
    secrets.take(changed.secrets);
    for (const { tenant } of changed.secrets) affected.add(tenant);
    for (const hook of changed.webhooks) {
      if (hook.archivedAt === null) hooks.set(hook._id, hook);
      else hooks.delete(hook._id);
    }
    for (const grant of changed.grants) affected.add(grant.tenant);
    if (changed.products.length > 0) for (const tenant of directory.granteesOf(changed.products)) affected.add(tenant);
    affect(affected);
    for (const listener of listeners) listener();
  };
  const sync: Sync = await followStore({
    ...{ feed: store.feed, clock, log, take },
    onLook() {
      if (!directory.passTime()) return;
      if (settings !== undefined) graphs.refresh(directory.tenantsWithGrants());
      for (const listener of listeners) listener();
    },
  });

  const documentFiles = createDocumentFiles({
    ...{ folder: documentsFolder, clock, log },
    used: () => graphs.all().flatMap(({ graph }) => [...graph.files()]),
  });
  const used = createUsedTimes(store, log);
  const retention = createRetention({
    ...{ store: store.usage, clock, log },
    options: () => settings?.().usage ?? usageOptions.parse({}),
  });
  const webhooks = createWebhooks({
    ...{ store, encryption, clock, log },
    webhooks: () => hooks.values(),
    tenant: (id) => directory.tenantRecord(id),
  });
  const tenantContext = (tenant: string) => graphs.of(tenant)?.graph;
  const ports: AdminPorts = {
    checkEntry: checkEntryAlone,
    validate: createValidation({
      ...{ log, compiler },
      async read({ tenant, state, documents, secrets: given = [] }) {
        // Also what was written just now counts, such as a secret that the same document has made.
        await within(SETTLE_MS, sync.now());
        const values = secrets.valuesOf(tenant, [...secrets.of(tenant._id), ...given]);
        return readState(tenant, state, gatewaySettings(), values, documents);
      },
      currentSdl: (tenant) => graphs.of(tenant)?.graph.registry.current()?.composition.publicSdl,
      givenTo: (tenant) => graphs.givenTo(tenant),
    }),
    graphOf: (tenant) => ({
      generation: graphs.of(tenant)?.graph.registry.current()?.number,
      problems: graphs.problemsOf(tenant),
    }),
    encrypt: (text, context) => encryption.encrypt(text, context),
    opens: (text, context) => encryption.opens(text, context),
    ...createPlayground({
      ...{ clock, log },
      modelsOf: (tenant) => tenantContext(tenant)?.models,
      problemsOf: (tenant) => graphs.problemsOf(tenant),
      async whenBuilt(tenant) {
        await within(SETTLE_MS, sync.now());
        await graphs.whenBuilt(tenant);
      },
    }),
  };
  const contextOf = (actor: Actor): AdminContext => ({ actor, store, clock, ports });
  const first = await orAgain(() => defaultTenant(contextOf(SYSTEM)));
  await sync.now();

  return {
    directory: () => directory,
    meter,
    environment: () => {
      givenToFile = secrets.of(DEFAULT_TENANT);
      // Under the name that it has now: what is encrypted is bound to that.
      const tenant = directory.tenantRecord(DEFAULT_TENANT) ?? first;
      const values = [...secrets.valuesOf(tenant, givenToFile)].map(
        ([name, value]) => [`secrets.${name}`, value] as const,
      );
      return { ...env, ...Object.fromEntries(values) };
    },
    async mergeFile(reading, hasFile) {
      taken = { names: reading.secrets, state: takenOf(reading.secrets, givenToFile), told: '' };
      checkSettings();
      const context = contextOf(FILE_ACTOR);
      const tenant = (await store.tenants.get({ all: true }, DEFAULT_TENANT)) ?? first;
      const revision = await latestRevision(store, DEFAULT_TENANT);
      const published = revision === undefined ? {} : (JSON.parse(revision.state) as ConfigurationState);
      const before = await lastFileState(store, DEFAULT_TENANT);
      // Where there is no file, nobody has taken anything out of it.
      const file = hasFile ? stateOfFile(reading.sections) : before;
      const state = mergeFile(before, file, published);
      const isSame = (one: ConfigurationState, other: ConfigurationState) =>
        canonicalJson(one) === canonicalJson(other);
      const saysAll = hasFile && isSame(state, file);
      const text = canonicalJson(state);
      // In the order that it is kept in, so that what is read of the store later is the same to the letter.
      const kept = JSON.parse(text) as ConfigurationState;
      const own = saysAll ? givenToFile : secrets.of(DEFAULT_TENANT);
      const merged = saysAll ? reading : await readState(tenant, kept, reading.config, secrets.valuesOf(tenant, own));
      const known = merged === reading ? reading.problems : [...new Set([...reading.problems, ...merged.problems])];
      return {
        reading: { ...merged, isEmpty: reading.isEmpty, problems: known },
        isFile: merged === reading,
        async commit() {
          const isKept = isSame(state, published) && isSame(file, before);
          const isWritten = !isKept && !(revision === undefined && isSame(state, {}));
          let now = revision;
          unwritten = isWritten ? { state: kept, after: revision?.number } : undefined;
          try {
            if (isWritten) now = await publishFile(context, tenant, { latest: revision, state, file });
            unwritten = undefined;
            isFollowed &&= !isWritten;
            if (!isFollowed) await resources.follow(context, tenant, state);
            isFollowed = true;
          } finally {
            // The feed may not have told of it yet, also where somebody else has written it.
            if (now !== undefined) noteRevision(now);
            const ownKey = ownKeyOf(tenant, now, own, reading.config);
            served = { text, secrets: stateOfSecrets(own), reading: merged, ownKey };
          }
        },
      };
    },
    serve(graph, given, apply) {
      settings = given;
      graphs.adopt(DEFAULT_TENANT, graph, served?.ownKey ?? '', apply);
      graphs.refresh([...directory.tenants()].map(({ _id }) => _id));
    },
    async readDefault() {
      const tenant = directory.tenantRecord(DEFAULT_TENANT) ?? first;
      const own = secrets.of(DEFAULT_TENANT);
      const number = latest.get(DEFAULT_TENANT)?.number;
      const kept = unwritten?.after === number ? unwritten?.state : undefined;
      const state = kept ?? (await stateOf(DEFAULT_TENANT, number));
      if (served?.text === canonicalJson(state) && served.secrets === stateOfSecrets(own)) return served.reading;
      return readState(tenant, state, gatewaySettings(), secrets.valuesOf(tenant, own));
    },
    published: () => graphs.published(DEFAULT_TENANT),
    graphOf: (tenant) => graphs.of(tenant),
    settingsChanged: () => graphs.refresh([...directory.tenants()].map(({ _id }) => _id)),
    lackOf(tenant) {
      if (!graphs.hasContent(tenant)) return new SkeinError('FORBIDDEN', NO_GRAPH);
      return new SkeinError('GRAPH_NOT_READY', graphs.problemsOf(tenant).length > 0 ? CANNOT_BUILD : IS_BUILT);
    },
    contextOf,
    noteUse: used.note,
    onChange: (listener) => void listeners.add(listener),
    onFileOutdated(listener) {
      onFileOutdated = listener;
      taken.told = '';
      checkSettings();
    },
    health: () => sync.health(),
    standing: () => ({
      graphs: graphs.all(),
      control: {
        store: { reachable: sync.health().reachable, answeredAt: sync.answeredAt(), lagMs: sync.lagMs() },
        ...graphs.counts(),
        webhooks: webhooks.counts(),
      },
    }),
    settle: () => sync.now(),
    async whenBuilt(mostMs) {
      await within(mostMs, graphs.whenSettled());
    },
    async dispose() {
      documentFiles.stop();
      secrets.stop();
      // A store that does not answer holds nobody up.
      await within(LAST_WORDS_MS, Promise.all([sync.stop(), webhooks.stop(), used.stop(), retention.stop()]));
      await graphs.dispose();
      await within(LAST_WORDS_MS, store.close());
    },
  };
}

const NO_GRAPH = 'Your tenant has no graph: it has published no source, and its apps were granted no product.';
const CANNOT_BUILD = 'The graph of your tenant cannot be built at the moment: its administrators can see why.';
const IS_BUILT = 'The graph of your tenant is being built.';

/** SHA-256 of `{}`: nothing is published. */
const EMPTY_HASH = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

/** The same as long as what the tenant configures itself is; empty: that is nothing. */
function ownKeyOf(
  { _id, network, trusted }: Tenant,
  revision: Pick<Revision, 'number' | 'hash'> | undefined,
  own: readonly KnownSecret[],
  { limits, cache }: SkeinConfig,
): string {
  if (revision === undefined || revision.hash === EMPTY_HASH) return '';
  // That of the default tenant may be read later than its key: no revision counts as one that was there before it.
  const content = _id === DEFAULT_TENANT ? revision.number : revision.hash;
  return canonicalJson([content, stateOfSecrets(own), network, trusted, limits, cache]);
}

async function latestRevision(store: Store, tenant: string): Promise<Revision | undefined> {
  const request = { first: 1, sort: { field: 'number', descending: true } };
  const { records } = await store.revisions.page(OWN(tenant), { tenant }, request);
  return records[0];
}
