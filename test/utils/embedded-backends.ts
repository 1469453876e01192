import mongoose, { type Connection, type mongo } from 'mongoose';
import { embeddedDriver } from '../../admin/embedded/driver.ts';

export type Collection = mongo.Collection;

/** A store that the suites run against. */
export interface Backend {
  readonly name: string;
  open(): Promise<Connection>;
}

/** The embedded store, and a server that speaks MongoDB's protocol where there is one. */
export function backends(uri: string | undefined): Backend[] {
  mongoose.setDriver(embeddedDriver);
  const embedded = { name: 'embedded', open: () => mongoose.createConnection('embedded::memory:').asPromise() };
  if (uri === undefined) return [embedded];
  const options = { dbName: `skein-semantics-${process.pid}`, serverSelectionTimeoutMS: 10_000 };
  return [embedded, { name: 'MongoDB', open: () => mongoose.createConnection(uri, options).asPromise() }];
}

let counter = 0;

/** A collection of no other test, as the driver has it: without mongoose's casts. */
export function freshCollection(connection: Connection): Collection {
  counter += 1;
  const database = connection.db;
  if (database === undefined) throw new Error('The connection is not open.');
  return database.collection(`c${counter}`);
}

/** The embedded store and MongoDB itself; not servers that speak its protocol, which are told by what they lack. */
export async function keepsCorners(connection: Connection): Promise<boolean> {
  if (connection.name === 'embedded') return true;
  const information = await connection.db?.admin().command({ buildInfo: 1 });
  return Array.isArray(information?.modules);
}
