import { type DocumentNode, type ExecutionResult, execute, parse, validate } from 'graphql';
import type { Connection } from 'mongoose';
import { afterEach, beforeEach, describe } from 'vitest';
import { type Actor, SYSTEM } from '../../admin/actor.ts';
import { type UserError, UserErrors } from '../../admin/errors.ts';
import type { Tenant } from '../../admin/models/tenant.ts';
import { TENANT_ROLES, type TenantRole, type User } from '../../admin/models/user.ts';
import { createAdminSchema } from '../../admin/schema/index.ts';
import { connectStore } from '../../admin/store/connect.ts';
import { createStore, type Store } from '../../admin/store/store.ts';
import type { AdminContext } from '../../admin/stores/context.ts';
import type { AdminPorts, Validation, ValidationRequest } from '../../admin/stores/ports.ts';
import { tenants } from '../../admin/stores/tenants.ts';
import { users } from '../../admin/stores/users.ts';
import { silentLog } from '../../kernel/ports.ts';
import { describeOptions } from '../../src/config/option-types.ts';
import { describeMongodb, freshDatabaseName } from './mongodb-server.ts';

export const NO_CHANGES = { breaking: [], dangerous: [], safe: [] } as const;
export const VALID: Validation = { errors: [], notices: [], changes: NO_CHANGES };

/** A gateway around the control plane that takes everything but options with a field `wrong`. */
export interface FakePorts extends AdminPorts {
  validate: (request: ValidationRequest) => Promise<Validation>;
  encrypt: (text: string) => string;
}

function fakePorts(): FakePorts {
  return {
    checkEntry(_kind, name, options) {
      const errors: UserError[] = [];
      if (!/^[A-Za-z][A-Za-z0-9._-]*$/.test(name))
        errors.push({ code: 'INVALID', path: ['name'], message: 'is no name' });
      if (typeof options !== 'object' || options === null)
        errors.push({ code: 'INVALID', path: ['options'], message: 'must be a map' });
      else if ('wrong' in options) errors.push({ code: 'INVALID', path: ['options', 'wrong'], message: 'is wrong' });
      return errors;
    },
    validate: async () => VALID,
    encrypt: (text) => `sealed:${Buffer.from(text).toString('base64')}`,
    playground: async ({ models, input }) =>
      models.map((model) => ({ model, text: `${model} read ${JSON.stringify(input)}`, latencyMs: 1 })),
    promptHash: (_options, version) => `hash of ${version}`,
  };
}

export interface Members {
  readonly tenant: Tenant;
  readonly users: Readonly<Record<TenantRole, User>>;
  readonly actors: Readonly<Record<TenantRole, Actor>>;
}

/** A control plane of a test's own. */
export interface ControlPlane {
  readonly connection: Connection;
  readonly store: Store;
  readonly ports: FakePorts;
  advance(ms: number): void;
  as(actor: Actor): AdminContext;
  /** A tenant with a user of each role. */
  createTenant(name: string): Promise<Members>;
  /** Runs an operation; GraphQL's own errors are in the result. */
  run(actor: Actor, document: string, variables?: Record<string, unknown>): Promise<ExecutionResult>;
  runIn(context: AdminContext, document: string, variables?: Record<string, unknown>): Promise<ExecutionResult>;
  /** The data of an operation. @throws Error for GraphQL's errors */
  data<T = Record<string, never>>(actor: Actor, document: string, variables?: Record<string, unknown>): Promise<T>;
  /** Everything that is stored, by collection, but for those left out. */
  dump(...without: string[]): Promise<Record<string, unknown[]>>;
}

const schema = createAdminSchema(describeOptions());
const START = Date.UTC(2030, 0, 1);

const documents = new Map<string, DocumentNode>();

function read(text: string): DocumentNode {
  const known = documents.get(text);
  if (known !== undefined) return known;
  const document = parse(text);
  const mistakes = validate(schema, document);
  if (mistakes.length > 0) throw new Error(mistakes.map(({ message }) => message).join('\n'));
  documents.set(text, document);
  return document;
}

async function open(uri: string): Promise<ControlPlane> {
  const connection = await connectStore({ uri, log: silentLog });
  let now = START;
  const clock = { now: () => now };
  const store = await createStore(connection, { clock });
  const ports = fakePorts();
  const as = (actor: Actor): AdminContext => ({ actor, store, clock, ports });
  const plane: ControlPlane = {
    connection,
    store,
    ports,
    as,
    advance(ms) {
      now += ms;
    },
    async createTenant(name) {
      const tenant = await tenants.create(as(SYSTEM), { name });
      const made: Partial<Record<TenantRole, User>> = {};
      const actors: Partial<Record<TenantRole, Actor>> = {};
      for (const role of TENANT_ROLES) {
        const user = await users.create(as(SYSTEM), { name: `${role}@${name}.example`, roles: [role] }, tenant._id);
        made[role] = user;
        actors[role] = actorOf(user);
      }
      return { tenant, users: made as Members['users'], actors: actors as Members['actors'] };
    },
    run: (actor, text, variables) => plane.runIn(as(actor), text, variables),
    async runIn(contextValue, text, variables) {
      return execute({
        schema,
        document: read(text),
        contextValue,
        ...(variables ? { variableValues: variables } : {}),
      });
    },
    async data<T>(actor: Actor, text: string, variables?: Record<string, unknown>) {
      const { data, errors } = await plane.run(actor, text, variables);
      if (errors !== undefined) throw errors[0]?.originalError ?? errors[0];
      // Objects of GraphQL.js have no prototype.
      return JSON.parse(JSON.stringify(data)) as T;
    },
    async dump(...without) {
      const dump: Record<string, unknown[]> = {};
      for (const [name, model] of Object.entries(connection.models))
        if (!without.includes(name)) dump[name] = await model.find().sort({ _id: 1 }).lean();
      return dump;
    },
  };
  return plane;
}

export function actorOf({ _id, name, tenant, roles }: User): Actor {
  return { id: _id, name, tenant, roles, address: '192.0.2.7', requestId: 'req-1' };
}

export const PLATFORM_ADMIN: Actor = {
  ...SYSTEM,
  id: 'usr_platform',
  name: 'root',
  address: '192.0.2.1',
  requestId: 'req-0',
};

/** Runs a suite on the embedded store: each test with a store of its own. */
export function describeEmbedded(name: string, body: (plane: () => ControlPlane) => void): void {
  describe(`${name}, embedded`, () => withPlane(async () => 'embedded::memory:', body));
}

/** Runs a suite on the embedded store, and on MongoDB where there is one. */
export function describeStores(name: string, body: (plane: () => ControlPlane) => void): void {
  describeEmbedded(name, body);
  describeMongodb(`${name}, on MongoDB`, (server) =>
    withPlane(async () => {
      const uri = new URL(server);
      uri.pathname = `/${freshDatabaseName()}`;
      return uri.href;
    }, body),
  );
}

function withPlane(uri: () => Promise<string>, body: (plane: () => ControlPlane) => void): void {
  let plane: ControlPlane | undefined;
  beforeEach(async () => {
    plane = await open(await uri());
  });
  afterEach(async () => {
    if (plane?.connection.name.startsWith('skein-test-')) await plane.connection.dropDatabase();
    await plane?.store.close();
    plane = undefined;
  });
  body(() => {
    if (plane === undefined) throw new Error('There is a control plane within tests only.');
    return plane;
  });
}

/** The mistakes that work is refused for. */
export async function refused(work: Promise<unknown>): Promise<readonly UserError[]> {
  try {
    await work;
  } catch (error) {
    if (error instanceof UserErrors) return error.errors;
    throw error;
  }
  throw new Error('It was not refused.');
}

/** The same without the messages: code and path, e.g. `INVALID rates.0.limit`. */
export async function mistakes(work: Promise<unknown>): Promise<string[]> {
  return (await refused(work)).map(({ code, path }) => [code, path.join('.')].join(' ').trim());
}
