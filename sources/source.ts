import type { Cancellation } from '../kernel/cancellation.ts';
import type { SkeinError } from '../kernel/errors.ts';
import type { Log } from '../kernel/ports.ts';
import type { Problem } from '../kernel/problem.ts';
import type { UpstreamState } from './upstream/resilience/contracts.ts';
import type { Tls } from './upstream/tls-files.ts';

/**
 * A source is one backend, compiled when it is loaded: an SDL, and per root field a function that calls it. This is
 * all the rest of the gateway knows of REST, gRPC, GraphQL, models and prompts.
 */
export interface Source {
  /** Name from the configuration; shown in errors, plans and logs. */
  readonly name: string;
  readonly kind: SourceKind;
  readonly model: SourceModel;
  /** Of sources that speak GraphQL: whole operations, as they are. */
  readonly graphql?: GraphqlUpstream;
  /** Of its mutations, those that are prompts: what is known of them beside their fields, by field. */
  prompts?(): ReadonlyMap<string, PromptFacts>;
  /**
   * What asking for a field once may cost at models, in nano-USD, by `Type.field` of its SDL: a root field, or one that another
   * graph behind it resolves so. It is a bound as far as that can be told beforehand. Undefined: no model is asked. Never throws.
   */
  estimate?(coordinate: string): CallEstimate | undefined;
  /** One cheap round to the upstream; rejects with the reason when it cannot be reached. */
  probe(signal: AbortSignal): Promise<void>;
  /** What stands between it and its service, where something does: for operators. */
  upstream?(): UpstreamState | undefined;
  /** Closes sockets and timers. The source is not used afterwards. */
  dispose(): Promise<void>;
}

/** Nano-USD. Where they depend on the call: by its arguments, as far as they are known and not checked by GraphQL. */
export type CallEstimate = bigint | ((known: Arguments) => bigint);

export type SourceKind = 'openapi' | 'grpc' | 'soap' | 'graphql' | 'federation' | 'ai' | 'prompt';

export interface SourceModel {
  /**
   * Plain SDL: `type Query/Mutation/Subscription` as far as there are fields, types, descriptions, `@deprecated`.
   * No federation directives, no schema block, no `extend`. Only ID, String, Int, Float, Boolean, and the scalars it
   * declares itself; `JSON`, `Int64` and `Upload` are known by name (see `scalars.ts`).
   */
  readonly sdl: string;
  /** `Query.product` → the compiled call. One entry for each root field of the SDL. */
  readonly calls: ReadonlyMap<string, SourceCall>;
  /**
   * `Product.weightKg` → `weight-kg`: where a result keeps a field, if not under the field's own name. For calls that
   * use selections it is also what the field is called in them.
   */
  readonly properties?: ReadonlyMap<string, string>;
  /**
   * `Product.label` → what makes the field's value of the object it is on; it wins over `properties`. Throws SkeinErrors
   * only.
   */
  readonly values?: ReadonlyMap<string, (parent: unknown) => unknown>;
  /** `Color` → `{ DARK_RED: 'dark-red' }`: what an enum value is called upstream, in arguments and results. */
  readonly enumValues?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** Interface or union → which of its object types a value is. Without an entry the value's `__typename` says. */
  readonly typeOf?: ReadonlyMap<string, TypeResolver>;
  /** Joins that the document declares (OpenAPI `links`): `User.repositories` → the call that answers it. */
  readonly links?: ReadonlyMap<string, SourceLink>;
  /** For calls that use selections: what types and arguments are called upstream, where that differs. */
  readonly upstreamNames?: UpstreamNames;
  /** Of a federation subgraph. */
  readonly federation?: FederationModel;
  /** What the document says and GraphQL, or this version, cannot: shown, never silent. */
  readonly notices?: readonly Problem[];
}

/** The name of an object type of the SDL; undefined when the value is none of them. */
export type TypeResolver = (value: unknown) => string | undefined;

export interface SourceLink {
  /** Root field of the same source, e.g. `Query.repositories`. */
  readonly call: string;
  /** As in the configuration's `links`: constants, or `$parent.field`. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly description?: string;
}

export interface UpstreamNames {
  /** `CatalogProduct` → `Product`. */
  readonly types: ReadonlyMap<string, string>;
  /** `Product.reviews(first)` → `limit`. */
  readonly arguments: ReadonlyMap<string, string>;
}

/** A federation subgraph composes by its own directives, and is asked for entities by `source.graphql`. */
export interface FederationModel {
  /** The types and root fields of `sdl` under the same names, with federation's directives, for the composer. */
  readonly sdl: string;
}

export type SourceCall = UnaryCall | StreamCall;

interface CallBase {
  /** Name of the operation at the source, for errors and plans: an operationId, a gRPC method, a field. */
  readonly operation: string;
  /** The call wants to know what is selected below it (GraphQL sources). Others get `undefined` and pay nothing. */
  readonly usesSelection?: boolean;
  /** The call is this field of the GraphQL service and nothing else: such fields may be asked for together. */
  readonly upstreamField?: { readonly name: string; readonly isNullable: boolean };
}

/** `args` are coerced by GraphQL: enums are already upstream values, absent arguments are absent keys. */
export interface UnaryCall extends CallBase {
  readonly type: 'unary';
  /** Resolves with the value of the root field. Rejects with `SkeinError` only. */
  invoke(args: Arguments, context: CallContext, selected?: Selected): Promise<unknown>;
}

export interface StreamCall extends CallBase {
  readonly type: 'stream';
  /** Each item is the value of the root field for one event. `return()` closes the upstream. */
  open(args: Arguments, context: CallContext, selected?: Selected): AsyncIterableIterator<unknown>;
}

export type Arguments = Readonly<Record<string, unknown>>;

/** The little of a request that a source may see. One per request, shared by its calls. */
export interface CallContext {
  /** Cancelled when the client is gone, the deadline has passed or the server must stop. */
  readonly cancellation: Cancellation;
  /** Milliseconds since the epoch at which it is cancelled at the latest. */
  readonly deadlineAt: number;
  readonly requestId: string;
  readonly log: Log;
  /** Headers of the client's request, names in lower case; not the one that held its credentials for the gateway. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Callers of one scope may be given each other's answers; empty when nobody calls. Nothing of it is secret. */
  readonly callerScope: string;
  /** Adds a header to the client's answer. Without effect where there is none, or it has begun. */
  returnHeader(name: string, value: string): void;
  /** Told what an answer says of its freshness. Only there when somebody keeps answers. */
  readonly onFreshness?: ((freshness: Freshness) => void) | undefined;
  /** An answer is there already: a service that knows validators is asked whether it still holds. */
  readonly validators?: Validators | undefined;
  /** Told that an answer came with errors, not all of which need stand in its value. Only there when somebody keeps answers. */
  readonly onErrors?: (() => void) | undefined;
  /** Told of every call that is sent to a service. Only there when somebody wants to know. */
  readonly onCall?: ((call: CallDetails) => void) | undefined;
  /** Whom it is accounted to. Sources decide nothing by it. */
  readonly account?: Account | undefined;
  /** Through what of another tenant it has come. */
  readonly origin?: CallOrigin | undefined;
  /** What a model is asked by. Only there in calls of models, where it is a prompt. */
  readonly prompt?: PromptOrigin | undefined;
}

/** Who uses what a call uses: ids, none of them secret. */
export interface Account {
  readonly tenant: string;
  readonly app?: string | undefined;
  /** Of a key of skein.yaml: `config:` and its name. */
  readonly key?: string | undefined;
  readonly user?: string | undefined;
  /** Products that its key is held to: it has not all that its tenant has. Undefined: it is held to none in particular. */
  readonly products?: ReadonlySet<string> | undefined;
  /** What its app was granted of other tenants, by product. */
  readonly grants?: ReadonlyMap<string, { readonly id: string }> | undefined;
  /** What the call came through: `graphql`, `graphql-ws`, `openai` … */
  readonly door: string;
}

/** A product of another tenant, in whose graph a call goes on: ids. */
export interface CallOrigin {
  /** The tenant. */
  readonly owner: string;
  /** Undefined: nobody can tell which. */
  readonly product?: string | undefined;
  /** By which the caller uses it. */
  readonly grant?: string | undefined;
}

/** A version of a prompt. */
export interface PromptOrigin {
  readonly name: string;
  readonly version: string;
  /** Of the version's content, in its short form. */
  readonly hash: string;
  /** How its answers are kept. Default: as those of its model or route. */
  readonly cache?: { readonly ttlSeconds: number; readonly scope: 'tenant' | 'caller' } | undefined;
  /** Whether an answer is what the prompt has asked for. Default: any is. */
  accepts?(answer: { readonly text: string }): boolean;
  /** Told of the id of the call's usage record before its answer is there, where there are such records. */
  onRecorded?(id: string): void;
}

/** What a prompt is to doors that have no field for it. */
export interface PromptFacts {
  /** Values of its arguments with the right answers. */
  readonly examples: readonly { readonly input: Arguments; readonly output: unknown }[];
}

/** What an HTTP answer says of how long it may be kept (RFC 9111), and how it can be asked for again (RFC 9110, 13). */
export interface Freshness {
  /** `no-store`, `private` and the like, as they came. */
  readonly cacheControl: string | undefined;
  /** Seconds since the answer was made. */
  readonly ageSeconds: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number | undefined;
  /** Names of request headers the answer depends on, in lower case. */
  readonly vary: readonly string[];
  readonly validators: Validators | undefined;
}

export interface Validators {
  readonly etag?: string | undefined;
  readonly lastModified?: string | undefined;
}

/** A call as errors name it, too: nothing of it is secret. */
export interface CallDetails {
  readonly source: string;
  readonly operation: string;
}

/** The GraphQL service behind a source. */
export interface GraphqlUpstream {
  /** A query or mutation. Rejects with a SkeinError when there is no GraphQL answer at all. */
  execute(request: GraphqlRequest, context: CallContext): Promise<GraphqlAnswer>;
  /** Each item is one event; rejections as above. `return()` closes the upstream. */
  subscribe(request: GraphqlRequest, context: CallContext): AsyncIterableIterator<GraphqlAnswer>;
}

export interface GraphqlRequest {
  /** For errors and logs. */
  readonly operation: string;
  /** A document with one operation. */
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface GraphqlAnswer {
  readonly data: Readonly<Record<string, unknown>> | null | undefined;
  /** Fit for clients; `path` is as the service gave it. */
  readonly errors: readonly { readonly error: SkeinError; readonly path: readonly (string | number)[] | undefined }[];
}

/** What the client selected below a call, for sources that pass selections on. */
export interface Selected {
  readonly shape: SelectionShape;
  /** Values of the operation's variables, by name; `shape.variables` says which of them the text uses. */
  readonly values: Readonly<Record<string, unknown>>;
}

/** The same object comes for the same place in the same document: what is derived from it can be kept in a WeakMap. */
export interface SelectionShape {
  /** `{ sku name }` with braces; empty for a leaf. */
  readonly text: string;
  /** Variables that `text` uses: name → GraphQL type and default as they are declared, e.g. `first` → `Int = 3`. */
  readonly variables: ReadonlyMap<string, string>;
}

/** What a source is made with, beside its own configuration. */
export interface SourceDeps {
  readonly log: Log;
  /** Certificates and keys of its connections. Default: as the system has them. */
  readonly tls?: Tls | undefined;
  /** Problems of loading go here with a path below the source; a source that cannot be made at all throws. */
  report(problem: Problem): void;
}
