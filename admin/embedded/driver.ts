import { EmbeddedConnection } from './connection.ts';
import { nativeDriver } from './internals.ts';

/**
 * A mongoose driver that puts models, casts, queries and indexes on SQLite in this process, so that a fresh machine
 * needs no database server.
 *
 * ```ts
 * mongoose.setDriver(embeddedDriver); // before the first connection
 * const connection = await mongoose.createConnection('embedded:./.skein/skein.db').asPromise();
 * ```
 *
 * `embedded:<path>` is a file, `embedded::memory:` lives as long as the connection; `mongodb://…` goes to MongoDB as
 * before, in the same process.
 *
 * **What lies in the file.** A table per collection with the documents as BSON, so every type comes back as it was; a
 * table per index with keys that compare as bytes the way MongoDB compares values (`keys.ts`). Queries that an index
 * can serve read that range of keys (`query-plan.ts`) and test the whole filter on what they find; all others read the
 * collection and are counted (`fullScans`). `explain()` says which it is.
 *
 * **What is promised.** Each operation is one transaction, on disk before it is acknowledged (write-ahead log,
 * `synchronous=FULL`); a bulk write's operations succeed or fail one by one. Errors carry MongoDB's codes: 11000 with
 * `keyPattern` and `keyValue` for duplicates, also in arrays. Several processes of one machine may have the file open;
 * one writes at a time and the others wait, up to 15 seconds.
 *
 * **What is refused**, by name and with code 115: sessions and transactions, collation, `$where`, `$expr`, pipeline
 * updates, positional operators, `arrayFilters`, change streams, sparse, partial, TTL and text indexes, aggregation
 * beyond `$match $group($sum $count $min $max) $sort $skip $limit $project $count`, and a second database.
 *
 * SQLite works on the calling thread: nothing on the way of a request may query it.
 *
 * @throws EmbeddedOpenError from opening: the file's name, what is wrong with it, and the way out.
 */
export const embeddedDriver: object = {
  ...nativeDriver,
  Connection: EmbeddedConnection,
};
