import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type Database from 'libsql';
import { LRUCache } from 'lru-cache';
import { serverError } from './errors.ts';
import { isBusy, openFile } from './open-file.ts';

const MAX_STATEMENTS = 256;
/** Each waits 20 ms. */
const READ_ATTEMPTS = 50;
const MAX_BUSY_MS = 15_000;
const RETRY_MS = { least: 2, most: 20 };
/** How long operations may go on in one turn of the event loop: the gateway answers requests in the same one. */
const SLICE_MS = 0.5;

export type SqlValue = number | string | Buffer | null;
export type SqlRow = readonly unknown[];

/**
 * One SQLite connection. Everything between `BEGIN` and `COMMIT` happens in one turn of the event loop, so operations
 * of one process never meet; another process's lock is waited for without holding the loop up.
 */
export class Storage {
  readonly path: string;
  #database: InstanceType<typeof Database> | undefined;
  readonly #statements = new LRUCache<string, ReturnType<InstanceType<typeof Database>['prepare']>>({
    max: MAX_STATEMENTS,
  });
  #savepoints = 0;
  #lastTurn: Promise<void> = Promise.resolve();
  #sliceEndsAt = 0;

  private constructor(path: string, database: InstanceType<typeof Database>) {
    this.path = path;
    this.#database = database;
  }

  /** @throws EmbeddedOpenError */
  static async open(path: string): Promise<Storage> {
    return new Storage(path, await retryWhileBusy(() => openFile(path)));
  }

  /** Operations that have come before it are done before it. */
  async close(): Promise<void> {
    await this.#lastTurn;
    this.#statements.clear();
    this.#database?.close();
    this.#database = undefined;
  }

  /** Reads of one statement each; `work` may run again when another process was in the way. */
  async read<T>(work: () => T): Promise<T> {
    await this.#turn();
    return retryWhileBusy(work);
  }

  /** One durable transaction: on an error nothing of it stays. */
  async write<T>(work: () => T): Promise<T> {
    await this.#turn();
    return retryWhileBusy(() => {
      this.run('BEGIN IMMEDIATE');
      try {
        const result = work();
        this.run('COMMIT');
        return result;
      } catch (error) {
        if (this.#open().inTransaction) this.run('ROLLBACK');
        throw error;
      }
    });
  }

  /** Operations begin in the order they came in. */
  #turn(): Promise<void> {
    this.#lastTurn = this.#lastTurn.then(async () => {
      if (performance.now() < this.#sliceEndsAt) return;
      await nextTurn();
      this.#sliceEndsAt = performance.now() + SLICE_MS;
    });
    return this.#lastTurn;
  }

  /** A part of a transaction that is undone alone. */
  savepoint<T>(work: () => T): T {
    this.#savepoints += 1;
    const name = `s${this.#savepoints}`;
    this.#open().exec(`SAVEPOINT ${name}`);
    try {
      const result = work();
      this.#open().exec(`RELEASE ${name}`);
      return result;
    } catch (error) {
      if (this.#open().inTransaction) this.#open().exec(`ROLLBACK TO ${name}; RELEASE ${name}`);
      throw error;
    } finally {
      this.#savepoints -= 1;
    }
  }

  execute(sql: string): void {
    this.#open().exec(sql);
  }

  run(sql: string, values: readonly SqlValue[] = []): { changes: number; lastInsertRowid: number } {
    const { changes, lastInsertRowid } = this.#prepare(sql).run(values) ?? { changes: 0, lastInsertRowid: 0 };
    return { changes, lastInsertRowid: Number(lastInsertRowid) };
  }

  /** The first row as an array of its columns; blobs are ArrayBuffers. */
  get(sql: string, values: readonly SqlValue[] = []): SqlRow | undefined {
    return this.#patiently(() => this.#prepare(sql).get(values) as SqlRow | undefined);
  }

  all(sql: string, values: readonly SqlValue[] = []): SqlRow[] {
    return this.#patiently(() => this.#prepare(sql).all(values) as SqlRow[]);
  }

  /** Readers are held up only while another process recovers the log, and they cannot let go of the loop. */
  #patiently<T>(read: () => T): T {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return read();
      } catch (error) {
        if (!isBusy(error) || attempt === READ_ATTEMPTS || this.#open().inTransaction) throw error;
      }
    }
  }

  #open(): InstanceType<typeof Database> {
    if (this.#database === undefined) throw serverError('ShutdownInProgress', 'The embedded store is closed.');
    return this.#database;
  }

  #prepare(sql: string): ReturnType<InstanceType<typeof Database>['prepare']> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#open().prepare(sql);
    if (/^(?:SELECT|EXPLAIN)/.test(sql)) statement.raw(true);
    this.#statements.set(sql, statement);
    return statement;
  }
}

async function retryWhileBusy<T>(work: () => T): Promise<T> {
  const deadline = performance.now() + MAX_BUSY_MS;
  for (;;) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > deadline) throw error;
      await sleep(RETRY_MS.least + Math.random() * (RETRY_MS.most - RETRY_MS.least));
    }
  }
}
