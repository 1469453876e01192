import { parseDocument } from 'yaml';
import { describeError } from '../../kernel/errors.ts';
import { yamlNestsDeeperThan } from '../../kernel/yaml-nesting.ts';
import { userError } from '../errors.ts';

export const MOST_OPTION_BYTES = 1_048_576;
export const MOST_OPTION_DEPTH = 64;
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
    checkDepth(options, 'options');
    return options;
  }
  if (hasOptions) throw userError('INVALID', ['yaml'], 'Give the options as JSON or as YAML, not both.');
  const read = readYaml(yaml);
  checkDepth(read, 'yaml');
  return read;
}

function readYaml(text: string): unknown {
  const bytes = Buffer.byteLength(text);
  if (bytes > MOST_OPTION_BYTES)
    throw userError('INVALID', ['yaml'], `has ${bytes} bytes, and may have ${MOST_OPTION_BYTES}`);
  if (yamlNestsDeeperThan(text, MOST_OPTION_DEPTH)) throw tooDeep('yaml');
  const document = parseDocument(text, { merge: true, stringKeys: true, logLevel: 'silent' });
  if (document.errors.length > 0) {
    const told = document.errors.slice(0, MOST_TOLD).map(({ message }) => message.split('\n', 1)[0]?.replace(/:$/, ''));
    throw userError('INVALID', ['yaml'], `is no YAML: ${told.join('; ')}.`);
  }
  try {
    return document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {};
  } catch (error) {
    throw userError('INVALID', ['yaml'], `cannot be read: ${describeError(error)}.`);
  }
}

/** Without recursion, as what it is about may be deeper than the stack. */
export function checkDepth(value: unknown, at: string): void {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MOST_OPTION_DEPTH) throw tooDeep(at);
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
}

function tooDeep(at: string) {
  return userError('INVALID', [at], `is nested more than ${MOST_OPTION_DEPTH} levels deep`);
}
