import type { Connection, Model } from 'mongoose';
import type { Clock } from '../../kernel/ports.ts';
import { COLLECTIONS, type CollectionName, createModels, type Records } from '../models/index.ts';
import type { StoredRecord } from '../models/record.ts';
import { type Collection, createCollection } from './collection.ts';
import { createFeed, type Feed } from './feed.ts';
import { createUsageLog, type UsageLog } from './usage-log.ts';

/** Everything that is kept of the control plane, in MongoDB or embedded. */
export type Store = { readonly [Name in CollectionName]: Collection<Records[Name]> } & {
  readonly feed: Feed;
  readonly usage: UsageLog;
  /** Whether the store answers. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
};

/** Who beside its own tenant sees a record. */
const SHARED: Partial<Record<CollectionName, readonly string[]>> = { grants: ['tenant', 'productTenant'] };

/** Makes the indexes that are not there yet, and then the store. */
export async function createStore(connection: Connection, { clock }: { readonly clock: Clock }): Promise<Store> {
  const models = createModels(connection);
  for (const model of Object.values(models)) await (model as { createIndexes(): Promise<void> }).createIndexes();
  const feed = createFeed(connection, models);
  const collections: Partial<Record<CollectionName, unknown>> = {};
  for (const name of Object.keys(COLLECTIONS) as CollectionName[]) {
    collections[name] = createCollection<StoredRecord>({
      model: models[name] as unknown as Model<StoredRecord>,
      prefix: COLLECTIONS[name].prefix,
      tenantFields: SHARED[name] ?? ['tenant'],
      nextSeq: feed.next,
      now: () => clock.now(),
    });
  }
  return {
    ...(collections as { [Name in CollectionName]: Collection<Records[Name]> }),
    feed,
    usage: await createUsageLog(connection),
    async ping() {
      try {
        await feed.signals();
        return true;
      } catch {
        return false;
      }
    },
    close: () => connection.close(),
  };
}
