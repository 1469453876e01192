import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext, Source } from '../../sources/source.ts';
import { createCallContext } from './call-context.ts';
import { federationHarness, graphqlHarness } from './contract-graphql.ts';
import { grpcHarness } from './contract-grpc.ts';
import {
  type Backend,
  type Capability,
  type Harness,
  itemFields,
  type Names,
  namesOf,
  type SourceOptions,
} from './contract-harness.ts';
import { SECRET, UPSTREAM_KEY } from './contract-library.ts';
import { selected, unaryCall } from './contract-model.ts';
import { restHarness } from './contract-rest.ts';
import { soapHarness } from './contract-soap.ts';
import { expectNoUnhandledRejection } from './unhandled.ts';

export const HARNESSES: readonly Harness[] = [restHarness, grpcHarness, soapHarness, graphqlHarness, federationHarness];

/** A kind of source, and its backend while the tests of a file run. */
export interface KindUnderTest {
  readonly harness: Harness;
  readonly names: Names;
  readonly backend: Backend;
  /** Name of the source that `open` gives, unless told otherwise. */
  readonly sourceName: string;
  /** The source of tests that have no wishes. */
  shared(): Promise<Source>;
  /** A source that is disposed of after the test. */
  open(options?: SourceOptions): Promise<Source>;
  /** The call for one item, with all that is known of it selected. */
  item(source: Source, id: string, context?: CallContext): Promise<unknown>;
  /** A test for kinds that can; the others say, by the name of the test, why they cannot. */
  itCan(capability: Capability, title: string, test: () => Promise<void>): void;
}

/** What every kind of source promises: `body` is run for each of them. */
export function describeSource(promise: string, body: (kind: KindUnderTest) => void): void {
  expectNoUnhandledRejection();
  describe.each(HARNESSES.map((harness) => [harness.kind, harness] as const))(`%s source: ${promise}`, (_, harness) => {
    const names = namesOf(harness);
    const sourceName = harness.prefix.toLowerCase();
    let backend: Backend | undefined;
    let shared: Promise<Source> | undefined;
    const said = new Set<Capability>();
    const opened: Source[] = [];
    const kind: KindUnderTest = {
      harness,
      names,
      sourceName,
      get backend() {
        if (backend === undefined) throw new Error('The backend is not started yet.');
        return backend;
      },
      shared() {
        shared ??= kind.backend.open();
        return shared;
      },
      async open(options) {
        const source = await kind.backend.open(options);
        opened.push(source);
        return source;
      },
      item: (source, id, context = createCallContext().context) =>
        unaryCall(source, `Query.${names.item}`).invoke({ id }, context, selected(itemFields(harness))),
      itCan(capability, title, test) {
        const inability = harness.cannot[capability];
        if (inability === undefined) it(title, test);
        else if (!said.has(capability)) {
          said.add(capability);
          it(`cannot ${capability}: ${inability.reason}`, async () => {
            expect(inability.shows((await kind.shared()).model.sdl)).toBe(true);
          });
        }
      },
    };
    beforeAll(async () => {
      backend = await harness.start();
    });
    beforeEach(() => backend?.library.reset());
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((source) => source.dispose()));
    });
    afterAll(async () => {
      await (await shared)?.dispose();
      await backend?.close();
    });
    body(kind);
  });
}

/** What a promise was rejected with: nothing but a SkeinError, which tells source and operation and nothing of the upstream. */
export async function failureOf(kind: KindUnderTest, promise: Promise<unknown>): Promise<SkeinError> {
  const error = await promise.then(
    (value) => {
      throw new Error(`It was answered: ${JSON.stringify(value)}`);
    },
    (reason: unknown) => reason,
  );
  if (!(error instanceof SkeinError)) throw error;
  expectNoLeak(kind, error);
  return error;
}

export function expectNoLeak(kind: KindUnderTest, { message, extensions }: SkeinError): void {
  const told = JSON.stringify({ message, extensions });
  for (const secret of [
    SECRET,
    UPSTREAM_KEY,
    '127.0.0.1',
    'localhost',
    String(kind.backend.port),
    '/graphql',
    'items/',
  ]) {
    expect(told).not.toContain(secret);
  }
}
