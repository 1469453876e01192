import { resolve } from 'node:path';
import mongoose from 'mongoose';
import { EmbeddedClient } from './database.ts';
import { EmbeddedOpenError } from './errors.ts';
import { nativeDriver } from './internals.ts';
import { MEMORY } from './open-file.ts';

const SCHEME = 'embedded:';

/** Options of `openUri` that configure mongoose, not its driver. */
const MONGOOSE_OPTIONS = ['autoIndex', 'autoCreate', 'bufferCommands', 'bufferTimeoutMS', 'sanitizeFilter'];

/** mongoose's connection to MongoDB, with `embedded:` addresses beside `mongodb:`. */
export class EmbeddedConnection extends nativeDriver.Connection {
  override async createClient(uri: unknown, options: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    if (typeof uri !== 'string' || !uri.startsWith(SCHEME)) return super.createClient(uri, options);
    const path = filePath(uri);
    for (const name of MONGOOSE_OPTIONS) if (options?.[name] !== undefined) this.config[name] = options[name];
    this.readyState = mongoose.STATES.connecting;
    this._connectionString = uri;
    const client = await EmbeddedClient.open(path);
    this.client = client;
    this.db = client.db();
    this.name = client.db().databaseName;
    this.host = path;
    this._closeCalled = false;
    this.onOpen();
    return this;
  }
}

function filePath(uri: string): string {
  const path = uri.slice(SCHEME.length);
  if (path === '') throw new EmbeddedOpenError(uri, 'the address names no file. Write embedded:<path>.');
  return path === MEMORY ? MEMORY : resolve(path);
}
