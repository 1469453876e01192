import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import mongoose, { type Connection } from 'mongoose';
import { embeddedDriver } from '../../admin/embedded/driver.ts';

/** What a process does to an embedded store; it says each acknowledged write on its standard output. */
export interface WriterTask {
  readonly path: string;
  readonly writes: number;
  /** Begins the ids of its documents. */
  readonly prefix: string;
}

/** Another process with the same file open. Its lines come as they are said. */
export function startWriter(task: WriterTask): { child: ChildProcess; lines: AsyncIterable<string> } {
  const code = `
    import { runnerImport } from 'vite';
    const { module } = await runnerImport(${JSON.stringify(import.meta.filename)}, { configFile: false, logLevel: 'error' });
    await module.write(JSON.parse(process.argv[1]));
    process.exit(0);`;
  const args = ['--input-type=module', '--eval', code, JSON.stringify(task)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw new Error('The writer has no standard output.');
  return { child, lines: createInterface(child.stdout) };
}

export async function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.exitCode;
}

export async function openEmbedded(path: string): Promise<Connection> {
  mongoose.setDriver(embeddedDriver);
  return mongoose.createConnection(`embedded:${path}`).asPromise();
}

/** Runs in the other process: inserts, counts, and fights for names that are unique. */
export async function write({ path, writes, prefix }: WriterTask): Promise<void> {
  const database = (await openEmbedded(path)).db;
  if (database === undefined) throw new Error('The connection is not open.');
  const documents = database.collection<{ _id: string; tags?: string[] }>('documents');
  const counters = database.collection<{ _id: string; n: number }>('counters');
  const names = database.collection('names');
  await names.createIndex({ name: 1 }, { unique: true });
  await documents.createIndex({ tags: 1 });
  for (let index = 0; index < writes; index += 1) {
    await documents.insertOne({ _id: `${prefix}${index}`, tags: [prefix, `${index % 10}`] });
    await counters.updateOne({ _id: 'all' }, { $inc: { n: 1 } }, { upsert: true });
    const won = await names.insertOne({ name: `n${index}` }).catch((error: { code?: number }) => {
      if (error.code !== 11000) throw error;
      return undefined;
    });
    process.stdout.write(`${index} ${won === undefined ? 'lost' : 'won'}\n`);
  }
}
