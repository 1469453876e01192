import { LineCounter, parseDocument } from 'yaml';
import { describeError } from '../../kernel/errors.ts';
import { repeatedKeys } from '../../kernel/yaml-keys.ts';
import { yamlHasMoreTokensThan, yamlNestsDeeperThan } from '../../kernel/yaml-nesting.ts';
import { userError } from '../errors.ts';

export const MOST_OPTION_BYTES = 1_048_576;
export const MOST_OPTION_DEPTH = 64;
/** Names, texts, numbers, lists and maps of one entry. */
export const MOST_OPTION_VALUES = 50_000;
/** Line breaks and signs are tokens as well. */
const MOST_YAML_TOKENS = 100_000;
const MOST_ALIASES = 100;
const MOST_TOLD = 20;

export interface GivenOptions {
  readonly options?: unknown;
  readonly yaml?: string | null | undefined;
}

/**
 * The options of an entry, which come as a JSON value or as YAML text; undefined where neither was given.
 *
 * @throws UserErrors for what is too large, too deep, or no YAML
 */
export function readOptions({ options, yaml }: GivenOptions): unknown {
  const hasOptions = options !== undefined && options !== null;
  if (yaml === undefined || yaml === null) {
    if (!hasOptions) return undefined;
    checkSize(options, 'options');
    return options;
  }
  if (hasOptions) throw userError('INVALID', ['yaml'], 'Give the options as JSON or as YAML, not both.');
  const read = readYaml(yaml);
  checkSize(read, 'yaml');
  return read;
}

function readYaml(text: string): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_OPTION_BYTES)
    throw userError('INVALID', ['yaml'], `has ${bytes} bytes, and may have ${MOST_OPTION_BYTES}`);
  if (yamlHasMoreTokensThan(text, MOST_YAML_TOKENS))
    throw userError(
      'INVALID',
      ['yaml'],
      `has more than ${MOST_YAML_TOKENS} names, values and signs, and may have no more: give the options as JSON, or less of them`,
    );
  if (yamlNestsDeeperThan(text, MOST_OPTION_DEPTH)) throw tooDeep('yaml');
  const lines = new LineCounter();
  const reading = { merge: true, stringKeys: true, uniqueKeys: false, logLevel: 'silent', lineCounter: lines } as const;
  const document = parseDocument(text, reading);
  const repeated = repeatedKeys(document, MOST_TOLD).map(({ name, offset }) => {
    const { line, col } = lines.linePos(offset);
    return `Map keys must be unique, and "${name}" is there again at line ${line}, column ${col}`;
  });
  const broken = document.errors.map(({ message }) => message.split('\n', 1)[0]?.replace(/:$/, ''));
  if (broken.length + repeated.length > 0) {
    const told = [...broken, ...repeated].slice(0, MOST_TOLD);
    throw userError('INVALID', ['yaml'], `is no YAML: ${told.join('; ')}.`);
  }
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {};
  } catch (error) {
    throw userError('INVALID', ['yaml'], `cannot be read: ${describeError(error)}.`);
  }
}

/**
 * Whether a value is small enough to be looked into. Without recursion, as what it is about may be deeper than the stack.
 *
 * @throws UserErrors
 */
export function checkSize(value: unknown, at: string): void {
  let [values, characters] = [0, 0];
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_OPTION_DEPTH) throw tooDeep(at);
    const next: unknown[] = [];
    for (const one of level) {
      if (typeof one === 'string') characters += one.length;
      if (typeof one !== 'object' || one === null) continue;
      const inner = Object.values(one);
      values += inner.length;
      if (values > MOST_OPTION_VALUES)
        throw userError('INVALID', [at], `has more than ${MOST_OPTION_VALUES} values, and may have no more: give less`);
      for (const each of inner) next.push(each);
    }
    if (characters > MOST_OPTION_BYTES)
      throw userError(
        'INVALID',
        [at],
        `has more than ${MOST_OPTION_BYTES} characters, and may have ${MOST_OPTION_BYTES} bytes: give less, or a document beside it`,
      );
    level = next;
  }
}

function tooDeep(at: string) {
  return userError('INVALID', [at], `is nested more than ${MOST_OPTION_DEPTH} levels deep`);
}
