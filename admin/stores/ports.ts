import type { UserError } from '../errors.ts';
import type { ResourceKind } from '../models/resource.ts';
import type { ConfigurationState } from '../models/revision.ts';
import type { Secret } from '../models/secret.ts';
import type { Tenant } from '../models/tenant.ts';
import type { Openable, SecretContext } from '../secrets/encryption.ts';

/** What the control plane asks of the gateway around it. */
export interface AdminPorts {
  /** What is wrong with an entry by itself. The paths begin with `options` or `name`. */
  checkEntry(kind: ResourceKind, name: string, options: unknown): readonly UserError[];
  /** Builds the graph of a tenant's configuration beside the one that serves, without serving it. */
  validate(request: ValidationRequest): Promise<Validation>;
  /** The graph that the tenant's clients have of this instance now. Default: none. */
  graphOf?(tenant: string): GraphState;
  /** Encrypts a secret. @throws UserErrors when the gateway has no key to encrypt with */
  encrypt(text: string, context: SecretContext): string;
  /** Whether what was encrypted elsewhere opens here. Undefined where there is no key to tell by. */
  readonly opens?: ((text: string, context: SecretContext) => Openable) | undefined;
  /** Runs a prompt that is not in the graph yet against models. */
  playground(request: PlaygroundRequest): Promise<readonly PlaygroundAnswer[]>;
  /** The content hash of a version of a prompt, as answers tell it. Undefined for options that have mistakes. */
  promptHash?(options: unknown, version: string): string | undefined;
}

/** How the graph of a tenant stands. */
export interface GraphState {
  /** Undefined: there is none. */
  readonly generation: number | undefined;
  /** Why it is not as what is published, and what was granted, say. */
  readonly problems: readonly string[];
}

export interface ValidationRequest {
  readonly tenant: Tenant;
  readonly state: ConfigurationState;
  /** By id: those that the state names. */
  readonly documents: ReadonlyMap<string, { readonly name: string; readonly text: string; readonly hash: string }>;
  /** Secrets that will be there when the state serves, beside those that are, and instead of those of the same name. */
  readonly secrets?: readonly Pick<Secret, 'name' | 'place' | 'content'>[] | undefined;
}

/** What a configuration would make of the graph. */
export interface Validation {
  /** Mistakes, each with its place: `["sources", "catalog", "document"]`. */
  readonly errors: readonly UserError[];
  /** What documents say and the graph does not have, and services that cannot be reached. */
  readonly notices: readonly string[];
  readonly changes: SchemaChangeList;
}

export interface SchemaChangeList {
  readonly breaking: readonly SchemaChange[];
  readonly dangerous: readonly SchemaChange[];
  readonly safe: readonly SchemaChange[];
}

export interface SchemaChange {
  /** Coordinate, e.g. `Product.price`. */
  readonly path: string;
  readonly message: string;
  readonly type: string;
}

export interface PlaygroundRequest {
  readonly tenant: Tenant;
  readonly name: string;
  /** As in skein.yaml. */
  readonly options: unknown;
  /** Which of its versions; needed where it has several. */
  readonly version?: string | undefined;
  readonly input: Readonly<Record<string, unknown>>;
  readonly models: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

export interface PlaygroundAnswer {
  readonly model: string;
  /** What the model made, as the prompt's output type has it. */
  readonly output?: unknown;
  readonly text?: string | undefined;
  readonly error?: string | undefined;
  readonly inputTokens?: number | undefined;
  readonly outputTokens?: number | undefined;
  readonly latencyMs: number;
  readonly firstTokenMs?: number | undefined;
}
