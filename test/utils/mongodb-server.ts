import { randomUUID } from 'node:crypto';
import { describe, it } from 'vitest';

/*
 * The tests of the store also run against a server of MongoDB's protocol that is not ours, named by
 * SKEIN_TEST_MONGODB_URI: any MongoDB from 4.4 on, or what `.ci/mongodb/build && .ci/mongodb/serve` starts
 * (mongo-java-server), as CI does. What holds there as in MongoDB: updates of one document are atomic (with upserts and
 * compare-and-set by 50 callers at once), unique indexes and code 11000, the codes 2, 14, 40, 66 and 86, cursors,
 * `$lookup`, `$facet`, `arrayFilters`. What differs there, so that no test may rely on it:
 *
 * - `partialFilterExpression` is ignored: a partial unique index is unique over all documents (`sparse` works);
 *   `collation` is ignored; text indexes do not search; TTL indexes delete nothing.
 * - Not there: `explain` (compare `indexes()` instead, which come in any order), updates by pipeline, `$bit`, the stage
 *   `$set` (`$addFields` works), `$dateTrunc`, change streams, sessions and transactions, capped collections.
 * - `findOneAndUpdate` returns `_id` although its projection leaves it out.
 * - A duplicate key error has no `keyPattern` and `keyValue`, only code and message.
 */

const UNSET = 'SKEIN_TEST_MONGODB_URI is not set';
let told = false;

/** The server that the tests may use, for example `mongodb://127.0.0.1:27017/`; undefined, and told once, without one. */
export function mongodbUri(): string | undefined {
  const uri = process.env.SKEIN_TEST_MONGODB_URI;
  if (uri !== undefined && uri !== '') return uri;
  if (!told) console.warn(`Tests with MongoDB are left out: ${UNSET}.`);
  told = true;
  return undefined;
}

/** `describe` for tests with MongoDB. Without a server they are left out, and their name says why; in CI they fail. */
export function describeMongodb(name: string, body: (uri: string) => void): void {
  const uri = mongodbUri();
  if (uri !== undefined) {
    describe(name, () => body(uri));
  } else if (process.env.CI === 'true') {
    describe(name, () => {
      it('has a MongoDB to run with', () => {
        throw new Error(`${UNSET}, and CI leaves no test out.`);
      });
    });
  } else {
    describe.skip(`${name} (left out: ${UNSET})`, () => body('mongodb://127.0.0.1:1/'));
  }
}

/** A name that no other test uses; the test drops its database. MongoDB takes names of up to 63 bytes. */
export function freshDatabaseName(): string {
  return `skein-test-${randomUUID()}`;
}
