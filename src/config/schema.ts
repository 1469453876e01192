import { z } from 'zod';
import { linkOptions, mergeOptions, overrideOptions } from '../../schema/options.ts';
import { transformOptions } from '../../schema/transforms/options.ts';
import { versionOptions } from '../../schema/versions/options.ts';
import { modelOptions, providerOptions, routeOptions } from '../../sources/ai/options.ts';
import { type CacheOptions, sourceCacheOptions } from '../../sources/cache/options.ts';
import { federationOptions } from '../../sources/federation/options.ts';
import { graphqlOptions } from '../../sources/graphql/options.ts';
import { grpcOptions } from '../../sources/grpc/options.ts';
import { openapiOptions } from '../../sources/openapi/options.ts';
import { graphqlName } from '../../sources/options.ts';
import { promptOptions } from '../../sources/prompt/options.ts';
import { soapOptions } from '../../sources/soap/options.ts';
import type { AuthOptions } from '../identity/options.ts';
import type { UsageOptions } from '../metering/options.ts';
import { type RatesOptions, rateOptions } from '../policy/rates/options.ts';

/** Options of every kind that concern the graph, not the service. */
const common = {
  /** Answers to its queries that are kept. Default: none. */
  cache: sourceCacheOptions.optional(),
  /** What becomes of the source's types and fields before they come into the graph. */
  transforms: transformOptions.optional(),
};

/** A backend. Which options it takes depends on `kind`. */
export const sourceOptions = z.discriminatedUnion('kind', [
  openapiOptions.extend(common),
  grpcOptions.extend(common),
  soapOptions.extend(common),
  graphqlOptions.extend(common),
  // It has a check of its own, which `extend` would drop.
  federationOptions.safeExtend(common),
]);
export type SourceOptions = z.infer<typeof sourceOptions>;

/** A development key: who holds it may call the graph. */
export const keyOptions = z.strictObject({
  /** What people call it; the key itself is shown nowhere. */
  name: z.string().min(1),
  /** The key itself, from the environment. Empty: one is made at start and printed. */
  key: z.string().regex(/^[!-~]*$/, 'must be of letters, digits and signs, without spaces'),
  /** GraphiQL comes up with this key for callers on this machine. A key that is made at start does so in any case. */
  graphiql: z.boolean().default(false),
  /** Who holds it may read `/status`. A key that is made at start may in any case. */
  operator: z.boolean().default(false),
  /** How much who holds it may ask for. Default: no limit. */
  rates: z.array(rateOptions).default([]),
});
export type KeyOptions = z.infer<typeof keyOptions>;

/** Pages of other origins that may call the gateway. */
export const corsOptions = z.strictObject({
  /** Origins such as `http://localhost:3000`; `*` for all. Default: none. */
  origins: z
    .array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, 'must be an origin such as http://localhost:3000, or *'))
    .default([]),
});
export type CorsOptions = z.infer<typeof corsOptions>;

/** What a request may be at the most. */
export const limitOptions = z.strictObject({
  /** Bytes of a request body. */
  bodyBytes: z.int().min(1).default(1_048_576),
  /** Bytes of a request body below `/v1`, where images and files are sent along. */
  modelBodyBytes: z.int().min(1).default(20_971_520),
  /** Lexical tokens of a document. */
  tokens: z.int().min(1).default(2_000),
  /** How deep selections may nest. */
  depth: z.int().min(1).default(12),
  /** How many fields an operation may select, with fragments spread out. */
  fields: z.int().min(1).default(1_000),
  /** How long a query or mutation may take, in milliseconds. */
  requestTimeoutMs: z.int().min(1).default(60_000),
  /** How long a subscription may stay open, in milliseconds. */
  streamTimeoutMs: z.int().min(1).default(3_600_000),
  /** How long open requests and streams get to finish at shutdown, in milliseconds. */
  drainTimeoutMs: z.int().min(0).default(10_000),
});
export type LimitOptions = z.infer<typeof limitOptions>;

/** What is taken over while the gateway serves. */
export const reloadOptions = z.strictObject({
  /** Changes of skein.yaml, and of the files it names with all that they import. SIGHUP works in any case. */
  files: z.boolean().default(true),
  /** How often services are asked again for what they offer, in milliseconds: documents by URL, introspection, reflection. */
  servicesEveryMs: z.int().min(1_000).max(86_400_000).optional(),
});
export type ReloadOptions = z.infer<typeof reloadOptions>;

/** `Type.field`: the coordinate of a field. */
const coordinate = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*\.[A-Za-z_][A-Za-z0-9_]*$/, 'must be Type.field');

const sourceName = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/, 'must be lower-case letters, digits and -, beginning with a letter');

const overrideLabel = z
  .string()
  .regex(/^[A-Za-z][A-Za-z0-9_\-:./]*$/, 'must be a label as `@override(label:)` has it; `percent(…)` needs no rule');

/** skein.yaml. Each section is a map, so that the reader can check every entry for itself. */
export const SECTIONS = {
  sources: { key: sourceName, entry: sourceOptions },
  versions: { key: sourceName, entry: versionOptions },
  links: { key: coordinate, entry: linkOptions },
  types: { key: graphqlName, entry: mergeOptions },
  overrides: { key: overrideLabel, entry: overrideOptions },
  providers: { key: z.string().min(1), entry: providerOptions },
  models: { key: z.string().min(1), entry: modelOptions },
  routes: { key: z.string().min(1), entry: routeOptions },
  prompts: { key: graphqlName, entry: promptOptions },
} as const;

/** The parsed file. Entries that were wrong are left out here and told as problems. */
export interface SkeinConfig {
  /** Absolute path of the file; documents are found beside it. */
  readonly file: string;
  readonly keys: readonly KeyOptions[];
  readonly auth: AuthOptions;
  readonly cors: CorsOptions;
  readonly limits: LimitOptions;
  readonly rates: RatesOptions;
  readonly reload: ReloadOptions;
  readonly cache: CacheOptions;
  readonly usage: UsageOptions;
  readonly sources: Readonly<Record<string, SourceOptions>>;
  readonly versions: Readonly<Record<string, z.infer<typeof versionOptions>>>;
  readonly links: Readonly<Record<string, z.infer<typeof linkOptions>>>;
  readonly types: Readonly<Record<string, z.infer<typeof mergeOptions>>>;
  readonly overrides: Readonly<Record<string, z.infer<typeof overrideOptions>>>;
  readonly providers: Readonly<Record<string, z.infer<typeof providerOptions>>>;
  readonly models: Readonly<Record<string, z.infer<typeof modelOptions>>>;
  readonly routes: Readonly<Record<string, z.infer<typeof routeOptions>>>;
  readonly prompts: Readonly<Record<string, z.infer<typeof promptOptions>>>;
  /** `section.name` of entries that exist in the file but could not be used: what refers to them is not told again. */
  readonly broken: ReadonlySet<string>;
}
