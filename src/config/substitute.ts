/**
 * `$${`, or `${` with as much of NAME, NAME:-default and `}` as is there. A default holds neither `}` nor `${`. NAME is a
 * variable, or `secrets.name`.
 */
const SUBSTITUTION =
  /\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*(?:(?<=\{secrets)\.[A-Za-z][A-Za-z0-9_-]*)?)(?::-((?:(?!\$\{)[^}])*))?\})?/g;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface Substituted {
  readonly text: string;
  /** The text was one substitution and nothing else. */
  readonly whole: boolean;
  /** Something was put in. */
  readonly changed: boolean;
  /** Variables without default that are not set. */
  readonly unset: readonly string[];
  /** A `${` that does not go on as a substitution. */
  readonly malformed: boolean;
}

/**
 * Puts environment values into text. `${NAME}` must be set, though it may be empty; `${NAME:-default}` takes the
 * default where NAME is not set or empty, as a shell does; `$${` is a literal `${`. What is put in is not read again.
 */
export function substitute(text: string, environment: Environment): Substituted {
  const unset: string[] = [];
  let whole = false;
  let changed = false;
  let malformed = false;
  const result = text.replace(SUBSTITUTION, (match: string, name?: string, fallback?: string) => {
    if (match === '$${') return '${';
    if (name === undefined) {
      malformed = true;
      return match;
    }
    changed = true;
    whole = match.length === text.length;
    const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (fallback !== undefined) return value || fallback;
    if (value === undefined) unset.push(name);
    return value ?? '';
  });
  return { text: result, whole, changed, unset, malformed };
}

/** Names of the secrets that a text takes. */
export function secretsIn(text: string): ReadonlySet<string> {
  const names = [...text.matchAll(SUBSTITUTION)].map(([, name = '']) => name);
  return new Set(names.flatMap((name) => (name.startsWith('secrets.') ? [name.slice('secrets.'.length)] : [])));
}

const BOOLEAN = /^(?:true|True|TRUE|false|False|FALSE)$/;
const NUMBER = /^(?:[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?|0x[0-9a-fA-F]+|0o[0-7]+)$/;

/** The number or boolean that the text would be as a plain scalar of YAML's core schema. */
export function asNumberOrBoolean(text: string): number | boolean | undefined {
  if (BOOLEAN.test(text)) return text.toLowerCase() === 'true';
  if (text.length <= 100 && NUMBER.test(text)) return Number(text);
  return undefined;
}
