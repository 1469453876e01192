import mongoose, { type mongo } from 'mongoose';

/** What a mongoose connection has that its types do not show. */
export interface ConnectionInternals {
  readyState: number;
  client: unknown;
  db: unknown;
  name: string;
  host: string;
  _connectionString: string;
  _closeCalled: boolean;
  config: Record<string, unknown>;
  createClient(uri: unknown, options?: Readonly<Record<string, unknown>>): Promise<unknown>;
  onOpen(): void;
}

interface NativeDriver {
  readonly Connection: new (base?: unknown) => ConnectionInternals;
  readonly BulkWriteResult: new (totals: object, isOrdered: boolean) => mongo.BulkWriteResult;
}

/** mongoose's own driver, which its types leave out. mongoose is pinned exactly because of this. */
export const nativeDriver: NativeDriver = (
  mongoose as unknown as { readonly driver: { get(): NativeDriver } }
).driver.get();
