import type { SkeinError } from '../../kernel/errors.ts';
import type { JsonObject } from './model.ts';

/**
 * A question in the words of a dialect, beside its canonical form: providers that speak the dialect get it as it is, and
 * what they answer comes back as the bytes it is. All others get the canonical form.
 */
export interface NativeRequest {
  readonly dialect: string;
  /** The body as the client wrote it; the names of model and stream are the provider's to set. */
  readonly body: JsonObject;
  /** Headers of the client that belong to the dialect, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** The client wants to see the usage in a stream, where a dialect tells it only when it is asked. */
  readonly wantsUsage: boolean;
  /** Why a provider of another dialect cannot be asked: a parameter that has no canonical form. */
  refusal(dialect: string): SkeinError | undefined;
}
