import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { afterAll, afterEach, describe } from 'vitest';
import { type ControlGateway, type ControlGatewayOptions, startControlGateway } from './control-gateway.ts';
import { describeMongodb, freshDatabaseName } from './mongodb-server.ts';

export interface ControlStore {
  /** A gateway on the store of the test. Several share it. */
  start(options?: {
    readonly env?: Readonly<Record<string, string>>;
    readonly folder?: string;
  }): Promise<ControlGateway>;
  /** The one gateway of all tests that ask for it, on a store of its own: each of them has tenants of its own. */
  startShared(): Promise<ControlGateway>;
  /** The folder of the test. */
  folder(): Promise<string>;
  /** What makes a gateway use the store. */
  env(): Readonly<Record<string, string>>;
}

const ENCRYPTION_KEY = Buffer.alloc(32, 7).toString('base64');

/** Runs tests of whole gateways on each store there is; what they start is stopped after each. */
export function describeControlStores(name: string, body: (store: ControlStore) => void): void {
  describe(`${name}, embedded`, { timeout: 90_000 }, () => body(controlStore(undefined)));
  describeMongodb(`${name}, in MongoDB`, (uri) =>
    describe('there', { timeout: 90_000 }, () => body(controlStore(uri))),
  );
}

function controlStore(uri: string | undefined): ControlStore {
  let own = createGround(uri);
  const common = createGround(uri);
  let shared: Promise<ControlGateway> | undefined;
  afterEach(async () => {
    await own.clear();
    own = createGround(uri);
  });
  afterAll(() => common.clear());
  return {
    env: () => own.env,
    folder: () => own.folder(),
    start: (options) => own.start(options),
    startShared() {
      shared ??= common.start();
      return shared;
    },
  };
}

/** A folder, a database, and the gateways on them. */
function createGround(uri: string | undefined) {
  const started: Promise<ControlGateway>[] = [];
  let made: Promise<string> | undefined;
  const database = uri === undefined ? undefined : withDatabase(uri, freshDatabaseName());
  const env: Readonly<Record<string, string>> =
    database === undefined ? {} : { MONGODB_URI: database, SKEIN_ENCRYPTION_KEY: ENCRYPTION_KEY };
  const folder = () => {
    made ??= mkdtemp(join(tmpdir(), 'skein-control-'));
    return made;
  };
  return {
    env,
    folder,
    async start(options: Partial<ControlGatewayOptions> = {}) {
      const data = join(await folder(), '.skein');
      const starting = startControlGateway({
        folder: options.folder ?? (await folder()),
        env: { SKEIN_DATA: data, ...env, ...options.env },
      });
      started.push(starting);
      return starting;
    },
    async clear() {
      // One that did not start has ended by itself, and its test has failed with what it wrote.
      await Promise.allSettled(started.map(async (starting) => (await starting).stop('SIGKILL')));
      if (made !== undefined) await rm(await made, { recursive: true, force: true });
      if (database !== undefined) await drop(database);
    },
  };
}

function withDatabase(uri: string, database: string): string {
  const url = new URL(uri);
  url.pathname = `/${database}`;
  return url.href;
}

async function drop(uri: string): Promise<void> {
  const connection = mongoose.createConnection();
  try {
    await connection.openUri(uri, { serverSelectionTimeoutMS: 2_000 });
    await connection.dropDatabase();
  } catch {
    // The server of the test has gone, and its databases with it.
  } finally {
    await connection.destroy();
  }
}
