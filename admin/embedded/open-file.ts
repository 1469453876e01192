import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import { EmbeddedOpenError } from './errors.ts';

export const MEMORY = ':memory:';

/** "SKEI": says that the file is ours. */
const APPLICATION_ID = 0x534b4549;
const FORMAT = 1;

/** How long SQLite itself waits for another process; longer waits leave the event loop free. */
const BUSY_TIMEOUT_MS = 20;

type Connection = InstanceType<typeof Database>;

/**
 * Opens or creates the store's file: its directory for the owner only (0700), the file as well (0600; SQLite gives its
 * `-wal` and `-shm` the same). Every commit reaches the disk before it is acknowledged.
 *
 * @throws EmbeddedOpenError
 */
export function openFile(path: string): Connection {
  if (path !== MEMORY) createPrivately(path);
  let database: Connection | undefined;
  try {
    database = new Database(path, { timeout: BUSY_TIMEOUT_MS });
    prepareDatabase(database, path);
    return database;
  } catch (error) {
    database?.close();
    throw error instanceof EmbeddedOpenError || isBusy(error)
      ? error
      : new EmbeddedOpenError(path, reason(error), error);
  }
}

function createPrivately(path: string): void {
  try {
    makeDirectory(dirname(path));
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new EmbeddedOpenError(path, reason(error), error);
  }
}

/** Step by step: Node's recursive mkdir never ends where a file system refuses new directories with ENOENT. */
function makeDirectory(path: string): void {
  if (existsSync(path)) return;
  makeDirectory(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process was quicker.
    if ((error as { code?: unknown }).code !== 'EEXIST') throw error;
  }
}

function prepareDatabase(database: Connection, path: string): void {
  refuseForeign(database, path);
  const mode = readPragma(database, 'journal_mode = WAL');
  if (path !== MEMORY && mode !== 'wal') {
    throw new EmbeddedOpenError(path, 'its file system does not allow write-ahead logging. Choose a local disk.');
  }
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA wal_autocheckpoint = 1000');
  database.exec('BEGIN IMMEDIATE');
  try {
    initialize(database, path);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

/** Before anything is changed; in one snapshot, as another process may be making the file. */
function refuseForeign(database: Connection, path: string): void {
  database.exec('BEGIN');
  const applicationId = readPragma(database, 'application_id');
  const tables = database.prepare('SELECT count(*) AS count FROM sqlite_master').get([]) as { count: number };
  database.exec('COMMIT');
  if (applicationId !== APPLICATION_ID && tables.count > 0) {
    throw new EmbeddedOpenError(path, 'it is a SQLite database of something else. Choose another path.');
  }
}

function initialize(database: Connection, path: string): void {
  if (readPragma(database, 'application_id') !== APPLICATION_ID) {
    database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
    database.exec('CREATE TABLE store (format INTEGER NOT NULL, catalog INTEGER NOT NULL)');
    database.exec(`INSERT INTO store VALUES (${FORMAT}, 0)`);
    database.exec('CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)');
    database.exec(
      `CREATE TABLE indexes (id INTEGER PRIMARY KEY, collection INTEGER NOT NULL, name TEXT NOT NULL,
         fields TEXT NOT NULL, is_unique INTEGER NOT NULL, multikey INTEGER NOT NULL, UNIQUE (collection, name))`,
    );
    return;
  }
  const { format } = database.prepare('SELECT format FROM store').get([]) as { format: number };
  if (format !== FORMAT) {
    throw new EmbeddedOpenError(
      path,
      `it has format ${format}, this version reads ${FORMAT}. Use the version that wrote it.`,
    );
  }
}

function readPragma(database: Connection, pragma: string): unknown {
  const row = database.prepare(`PRAGMA ${pragma}`).get([]) as Record<string, unknown> | undefined;
  return row === undefined ? undefined : Object.values(row)[0];
}

/** Another process holds a lock; waiting helps. */
export function isBusy(error: unknown): boolean {
  return String((error as { code?: unknown } | undefined)?.code).startsWith('SQLITE_BUSY');
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there. Change its permissions or set SKEIN_DATA to another directory.',
  EPERM: 'this user may not write there. Change its permissions or set SKEIN_DATA to another directory.',
  EROFS: 'the file system is read-only. Set SKEIN_DATA to a directory that can be written.',
  ENOTDIR: 'a part of the path is a file, not a directory.',
  ENOENT: 'its directory does not exist and cannot be created.',
  EISDIR: 'it is a directory, a file is needed.',
  ENOSPC: 'the disk is full.',
  SQLITE_NOTADB: 'it is not a database. Move it away or choose another path.',
  SQLITE_CORRUPT: 'it is damaged. Restore it from a backup.',
  SQLITE_READONLY: 'it cannot be written.',
  SQLITE_CANTOPEN: 'it or its directory cannot be written.',
  SQLITE_FULL: 'the disk is full.',
};

function reason(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  const known = Object.entries(REASONS).find(([name]) => typeof code === 'string' && code.startsWith(name));
  return known?.[1] ?? (error instanceof Error ? error.message : String(error));
}
