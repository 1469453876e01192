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
import { costOptions } from '../policy/costs/options.ts';
import { type RatesOptions, rateOptions } from '../policy/rates/options.ts';

/** Options of every kind that concern the graph, not the service. */
const common = {
  cache: sourceCacheOptions.optional().describe('Answers to its queries that are kept. Default: none.'),
  transforms: transformOptions
    .optional()
    .describe('What becomes of the source’s types and fields before they come into the graph. Default: nothing.'),
};

/** What a kind says of itself, which `extend` drops. */
const ofKind = (id: string, { description = '' }: { readonly description?: string | undefined }) => ({
  id,
  description,
});

export const sourceOptions = z
  .discriminatedUnion('kind', [
    openapiOptions.extend(common).meta(ofKind('OpenapiSource', openapiOptions)),
    grpcOptions.extend(common).meta(ofKind('GrpcSource', grpcOptions)),
    soapOptions.extend(common).meta(ofKind('SoapSource', soapOptions)),
    graphqlOptions.extend(common).meta(ofKind('GraphqlSource', graphqlOptions)),
    // It has a check of its own, which `extend` would drop.
    federationOptions.safeExtend(common).meta(ofKind('FederationSource', federationOptions)),
  ])
  .describe('A backend. Which options it takes depends on its kind.');
export type SourceOptions = z.infer<typeof sourceOptions>;

export const keyOptions = z
  .strictObject({
    name: z.string().min(1).describe('What people call it; the key itself is shown nowhere.'),
    key: z
      .string()
      .regex(/^[!-~]*$/, 'must be of letters, digits and signs, without spaces')
      .describe('The key itself, from the environment. Empty: one is made at start and printed.'),
    graphiql: z
      .boolean()
      .default(false)
      .describe(
        'GraphiQL comes up with this key for callers on this machine. A key that is made at start does so in any case.',
      ),
    operator: z
      .boolean()
      .default(false)
      .describe('Who holds it may read `/status` and `/metrics`. A key that is made at start may in any case.'),
    rates: z.array(rateOptions).default([]).describe('How much who holds it may ask for. Default: no limit.'),
  })
  .describe('A development key: who holds it may call the graph.');
export type KeyOptions = z.infer<typeof keyOptions>;

export const corsOptions = z
  .strictObject({
    origins: z
      .array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, 'must be an origin such as http://localhost:3000, or *'))
      .default([])
      .describe('Origins such as `http://localhost:3000`; `*` for all. Default: none.'),
  })
  .describe('Pages of other origins that may call the gateway.');
export type CorsOptions = z.infer<typeof corsOptions>;

export const limitOptions = z
  .strictObject({
    bodyBytes: z.int().min(1).default(1_048_576).describe('Bytes of a request body.'),
    modelBodyBytes: z
      .int()
      .min(1)
      .default(20_971_520)
      .describe('Bytes of a request body below `/v1`, where images and files are sent along.'),
    tokens: z.int().min(1).default(2_000).describe('Lexical tokens of a document.'),
    depth: z.int().min(1).default(12).describe('How deep selections may nest.'),
    fields: z
      .int()
      .min(1)
      .default(1_000)
      .describe('How many fields an operation may select, with fragments spread out.'),
    ...costOptions,
    requestTimeoutMs: z
      .int()
      .min(1)
      .default(60_000)
      .describe('How long a query or mutation may take, in milliseconds.'),
    streamTimeoutMs: z
      .int()
      .min(1)
      .default(3_600_000)
      .describe('How long a subscription may stay open, in milliseconds.'),
    drainTimeoutMs: z
      .int()
      .min(0)
      .default(10_000)
      .describe('How long open requests and streams get to finish at shutdown, in milliseconds.'),
  })
  .describe('What a request may be at the most.');
export type LimitOptions = z.infer<typeof limitOptions>;

export const reloadOptions = z
  .strictObject({
    files: z
      .boolean()
      .default(true)
      .describe(
        'Takes over changes of skein.yaml, and of the files it names with all that they import. SIGHUP works in any case.',
      ),
    servicesEveryMs: z
      .int()
      .min(1_000)
      .max(86_400_000)
      .optional()
      .describe(
        'How often services are asked again for what they offer, in milliseconds: documents by URL, introspection, reflection. Default: never.',
      ),
  })
  .describe('What is taken over while the gateway serves.');
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
