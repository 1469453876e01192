import { SkeinError } from '../../kernel/errors.ts';
import { isObject } from '../../sources/ai/dialects/read.ts';
import type { JsonObject } from '../../sources/ai/model.ts';

/** @returns SkeinError BAD_USER_INPUT that names the parameter first. */
export function wrong(parameter: string, reason: string): SkeinError {
  return new SkeinError('BAD_USER_INPUT', `"${parameter}" ${reason}.`);
}

/**
 * Reads an object of a request by its fields, and knows which it was not asked for. Null is as if it were not there.
 * @throws SkeinError BAD_USER_INPUT naming the field that is not what it must be
 */
export class FieldReader {
  readonly #fields: JsonObject;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(value: unknown, path = '') {
    if (!isObject(value)) throw wrong(path === '' ? 'body' : path, 'must be an object');
    this.#fields = value;
    this.#path = path;
  }

  /** What the field is called where people are told of it. */
  path(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  any(name: string): unknown {
    this.#read.add(name);
    const value = Object.hasOwn(this.#fields, name) ? this.#fields[name] : undefined;
    return value ?? undefined;
  }

  text(name: string): string | undefined {
    const value = this.any(name);
    if (value !== undefined && typeof value !== 'string') throw wrong(this.path(name), 'must be a string');
    return value;
  }

  needText(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw wrong(this.path(name), 'is required');
    return value;
  }

  number(name: string, min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY): number | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (typeof value !== 'number') throw wrong(this.path(name), 'must be a number');
    if (value < min || value > max) {
      const range = max === Number.POSITIVE_INFINITY ? `at least ${min}` : `from ${min} to ${max}`;
      throw wrong(this.path(name), `must be ${range}`);
    }
    return value;
  }

  integer(name: string, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.number(name);
    if (value === undefined) return undefined;
    if (!Number.isSafeInteger(value)) throw wrong(this.path(name), 'must be an integer');
    return this.number(name, min, max === Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : max);
  }

  boolean(name: string): boolean | undefined {
    const value = this.any(name);
    if (value !== undefined && typeof value !== 'boolean') throw wrong(this.path(name), 'must be true or false');
    return value;
  }

  list(name: string): readonly unknown[] | undefined {
    const value = this.any(name);
    if (value !== undefined && !Array.isArray(value)) throw wrong(this.path(name), 'must be a list');
    return value;
  }

  object(name: string): FieldReader | undefined {
    const value = this.any(name);
    return value === undefined ? undefined : new FieldReader(value, this.path(name));
  }

  json(name: string): JsonObject | undefined {
    const value = this.any(name);
    if (value !== undefined && !isObject(value)) throw wrong(this.path(name), 'must be an object');
    return value;
  }

  /** Each of a list as an object. */
  objects(name: string): readonly FieldReader[] | undefined {
    return this.list(name)?.map((value, index) => new FieldReader(value, `${this.path(name)}[${index}]`));
  }

  /** One text, or a list of them. */
  texts(name: string): readonly string[] | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    if (list.every((text) => typeof text === 'string')) return list;
    throw wrong(this.path(name), 'must be a string or a list of strings');
  }

  /** As `objects`; a list without anything in it asks for nothing. */
  someObjects(name: string): readonly FieldReader[] | undefined {
    return nonEmpty(this.objects(name));
  }

  /** As `texts`; a list without anything in it asks for nothing. */
  someTexts(name: string): readonly string[] | undefined {
    return nonEmpty(this.texts(name));
  }

  /** Text by text. */
  map(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.json(name);
    if (value === undefined) return undefined;
    const isMap = Object.values(value).every((entry) => typeof entry === 'string');
    if (!isMap) throw wrong(this.path(name), 'must have strings alone');
    return value as Readonly<Record<string, string>>;
  }

  /** Names of fields that nobody asked for; those without anything in them are none. */
  rest(): readonly string[] {
    return Object.entries(this.#fields)
      .filter(([name, value]) => !this.#read.has(name) && !isNothing(value))
      .map(([name]) => this.path(name));
  }
}

function nonEmpty<T>(list: readonly T[] | undefined): readonly T[] | undefined {
  return list?.length === 0 ? undefined : list;
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || (Array.isArray(value) && value.length === 0);
}
