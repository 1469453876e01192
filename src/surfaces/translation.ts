import type { SkeinError } from '../../kernel/errors.ts';
import type { DialectName, ProviderDialect } from '../../sources/ai/dialects/index.ts';
import { isObject } from '../../sources/ai/dialects/read.ts';
import type { Extras, JsonObject } from '../../sources/ai/model.ts';
import type { NativeRequest } from '../../sources/ai/native.ts';
import { type FieldReader, wrong } from './field-reader.ts';

/**
 * What becomes of the parameters of a request that have no canonical name: some dialects take them under a name of their
 * own, some need not be told, and where neither is so the model cannot be asked. None is dropped silently.
 */
export class Translation implements NativeRequest {
  readonly dialect: DialectName;
  body: JsonObject;
  /** Whether the conversation has thoughts of other providers, which the client's own would not take. */
  hasForeign = false;
  readonly wantsUsage: boolean;
  #headers: Readonly<Record<string, string>> = {};
  readonly #extras: Record<string, Record<string, unknown>> = {};
  readonly #needed: { readonly parameter: string; readonly dialects: readonly string[] }[] = [];
  readonly #hints: { readonly parameter: string; readonly dialects: readonly string[] }[] = [];
  #asked: string | undefined;

  constructor(dialect: DialectName, body: JsonObject, wantsUsage = true) {
    this.dialect = dialect;
    this.body = body;
    this.wantsUsage = wantsUsage;
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#headers;
  }

  /** Versions say how the rest is meant, and all else is a hint to those of another format. */
  withHeaders(headers: Readonly<Record<string, string>>): void {
    this.#headers = headers;
    for (const name of Object.keys(headers)) if (!name.endsWith('-version')) this.hint(name);
  }

  /** The parameter matters to the answer: only these dialects, beside the client's own, can be asked. */
  only(parameter: string, ...dialects: readonly ProviderDialect[]): void {
    this.#needed.push({ parameter, dialects });
  }

  /** Of these objects every field that was not read matters, and nobody else knows it. */
  onlyRest(...readers: readonly FieldReader[]): void {
    for (const reader of readers) for (const parameter of reader.rest()) this.only(parameter);
  }

  /** A call that the model has made itself is like all others; one that its provider's code has made is not. */
  onlyDirect(call: FieldReader): void {
    const caller = call.json('caller');
    if (caller !== undefined && caller.type !== 'direct') this.only(call.path('caller'));
  }

  /** The parameter does not change what is answered: where it means nothing, that is told in a header. */
  hint(parameter: string, ...dialects: readonly ProviderDialect[]): void {
    this.#hints.push({ parameter, dialects });
  }

  /** The parameter under the name that another dialect has for it. */
  extra(dialect: ProviderDialect, fields: JsonObject): void {
    const all: Record<string, unknown> = { ...this.#extras[dialect] };
    for (const [name, value] of Object.entries(fields)) {
      const known = all[name];
      all[name] = isObject(known) && isObject(value) ? { ...known, ...value } : value;
    }
    this.#extras[dialect] = all;
  }

  get extras(): Extras | undefined {
    return Object.keys(this.#extras).length === 0 ? undefined : this.#extras;
  }

  refusal(dialect: string): SkeinError | undefined {
    this.#asked = dialect;
    const lacking = this.#needed.find(({ dialects }) => !dialects.includes(dialect));
    return lacking && wrong(lacking.parameter, 'is not taken by this model, whose provider speaks another format');
  }

  /** Hints that meant nothing to whom was asked last. */
  ignored(): readonly string[] {
    const asked = this.#asked;
    if (asked === undefined) return [];
    const ignored = this.#hints.filter(({ dialects }) => !dialects.includes(asked));
    return [...new Set(ignored.map(({ parameter }) => parameter))];
  }
}
