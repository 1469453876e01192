import type { Cancellation } from '../kernel/cancellation.ts';
import type { Log } from '../kernel/ports.ts';
import type { Problem } from '../kernel/problem.ts';

/**
 * A source is one backend, compiled when it is loaded: an SDL, and per root field a function that calls it. This is
 * all the rest of the gateway knows of REST, gRPC, GraphQL, models and prompts.
 */
export interface Source {
  /** Name from the configuration; shown in errors, plans and logs. */
  readonly name: string;
  readonly kind: SourceKind;
  readonly model: SourceModel;
  /** One cheap round to the upstream; rejects with the reason when it cannot be reached. */
  probe(signal: AbortSignal): Promise<void>;
  /** Closes sockets and timers. The source is not used afterwards. */
  dispose(): Promise<void>;
}

export type SourceKind = 'openapi' | 'grpc' | 'graphql' | 'ai' | 'prompt';

export interface SourceModel {
  /**
   * Plain SDL: `type Query/Mutation/Subscription` as far as there are fields, types, descriptions, `@deprecated`.
   * No federation directives, no schema block, no `extend`. Only ID, String, Int, Float, Boolean, and the scalars it
   * declares itself; `JSON` and `Int64` are known by name (see `scalars.ts`).
   */
  readonly sdl: string;
  /** `Query.product` → the compiled call. One entry for each root field of the SDL. */
  readonly calls: ReadonlyMap<string, SourceCall>;
  /** `Product.weightKg` → `weight-kg`: where a result keeps a field, if not under the field's own name. */
  readonly properties?: ReadonlyMap<string, string>;
  /** `Color` → `{ DARK_RED: 'dark-red' }`: what an enum value is called upstream, in arguments and results. */
  readonly enumValues?: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  /** What the document says and GraphQL, or this version, cannot: shown, never silent. */
  readonly notices?: readonly Problem[];
}

export type SourceCall = UnaryCall | StreamCall;

interface CallBase {
  /** Name of the operation at the source, for errors and plans: an operationId, a gRPC method, a field. */
  readonly operation: string;
  /** The call wants to know what is selected below it (GraphQL sources). Others get `undefined` and pay nothing. */
  readonly usesSelection?: boolean;
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
  /** Problems of loading go here with a path below the source; a source that cannot be made at all throws. */
  report(problem: Problem): void;
}
