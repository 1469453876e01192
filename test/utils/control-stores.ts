import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { afterEach, describe } from 'vitest';
import { type ControlGateway, type ControlGatewayOptions, startControlGateway } from './control-gateway.ts';
import { describeMongodb, freshDatabaseName } from './mongodb-server.ts';

export interface ControlStore {
  /** A gateway on the store of the test. Several share it. */
  start(options?: {
    readonly env?: Readonly<Record<string, string>>;
    readonly folder?: string;
  }): Promise<ControlGateway>;
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
  let started: ControlGateway[] = [];
  let folder: Promise<string> | undefined;
  let database = freshDatabaseName();
  const env = () =>
    uri === undefined ? {} : { MONGODB_URI: withDatabase(uri, database), SKEIN_ENCRYPTION_KEY: ENCRYPTION_KEY };
  const ownFolder = () => {
    folder ??= mkdtemp(join(tmpdir(), 'skein-control-'));
    return folder;
  };
  afterEach(async () => {
    await Promise.all(started.map((gateway) => gateway.stop('SIGKILL')));
    started = [];
    if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    folder = undefined;
    if (uri !== undefined) await drop(withDatabase(uri, database));
    database = freshDatabaseName();
  });
  return {
    env,
    folder: ownFolder,
    async start(options = {}) {
      const given: ControlGatewayOptions = {
        folder: options.folder ?? (await ownFolder()),
        env: { SKEIN_DATA: join(await ownFolder(), '.skein'), ...env(), ...options.env },
      };
      const gateway = await startControlGateway(given);
      started.push(gateway);
      return gateway;
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
