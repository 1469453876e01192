import type { z } from 'zod';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean, nearest } from '../../kernel/suggest.ts';
import { allowedKeys } from './allowed-keys.ts';
import { oneOf, pathText, quote, type YamlPath, yamlPath } from './path-text.ts';
import { asNumberOrBoolean } from './substitute.ts';

type Issue = z.core.$ZodIssue;

/** Settings whose values are secrets, or may be. */
const SECRET = new Set<string | number>(['apiKey', 'key', 'headers', 'forwardHeaders', 'security', 'connectionParams']);

const EXPECTED: Record<string, string> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  record: 'a map',
};

/** An issue of zod in the words of the file. `path` is where the entry stands, `value` what stands there. */
export function explainIssue(
  issue: Issue,
  entry: { path: YamlPath; value: unknown; schema: z.core.$ZodType },
  isSubstituted: (path: YamlPath) => boolean,
): Problem[] {
  const steps = yamlPath(issue.path);
  const path = [...entry.path, ...steps];
  if (issue.code === 'unrecognized_keys') {
    const allowed = allowedKeys(entry.schema, entry.value, steps);
    return issue.keys.map((key) => unknownKey(key, path, allowed));
  }
  const where = pathText(path);
  if (issue.code === 'invalid_key') {
    const reason = issue.issues[0]?.message ?? 'must be another';
    return [
      { message: `${pathText(path.slice(0, -1))} has the key ${quote(String(steps.at(-1)))}: it ${reason}.`, path },
    ];
  }
  const found = at(entry.value, steps);
  const choices = choicesOf(issue);
  if (found === undefined) {
    const must = choices === undefined ? '' : ` It must be ${oneOf(choices)}.`;
    return [{ message: `${where} is missing.${must}`, path }];
  }
  const mayShow = !path.some((step) => SECRET.has(step)) && !isSubstituted(path);
  const but = mayShow ? butIs(found, issue) : '';
  if (choices !== undefined) {
    const guess = mayShow && typeof found === 'string' ? didYouMean(found, choices) : '';
    return [{ message: `${where} must be ${oneOf(choices)}${but}.${guess}`, path }];
  }
  switch (issue.code) {
    case 'invalid_type': {
      const kind = issue.expected === 'int' && typeof found === 'number' ? 'not one' : kindOf(found);
      const message = `${where} must be ${EXPECTED[issue.expected] ?? issue.expected}, but is ${mayShow && kind === 'not one' ? found : kind}.`;
      return [{ message, path, ...quotes(issue.expected, found) }];
    }
    case 'too_small':
    case 'too_big':
      return [{ message: `${where} must ${boundOf(issue)}${but}.`, path }];
    case 'invalid_union': {
      const forms = [...new Set(issue.errors.flatMap(([first]) => (first === undefined ? [] : formOf(first))))];
      return [{ message: `${where} must be ${forms.join(' or ')}, but is ${kindOf(found)}.`, path }];
    }
    default: {
      const said = /^(must|has|needs) /.test(issue.message) ? issue.message : `is wrong: ${issue.message}`;
      return [{ message: `${where} ${said}.`, path }];
    }
  }
}

/** What a form of a union wants. */
function formOf(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_type') return [EXPECTED[issue.expected] ?? issue.expected];
  if (issue.code === 'invalid_value') return issue.values.map(String);
  return issue.code === 'invalid_union'
    ? issue.errors.flatMap(([first]) => (first === undefined ? [] : formOf(first)))
    : [];
}

/** A key that the schema does not have. */
export function unknownKey(key: string, path: YamlPath, allowed: readonly string[]): Problem {
  const where = path.length === 0 ? 'at the top of the file' : `in ${pathText(path)}`;
  const guess = didYouMean(key, allowed);
  return {
    message: `Unknown key ${quote(key)} ${where}.${guess}`,
    path: [...path, key],
    ...(guess === '' && allowed.length > 0 && { suggestion: `Known here: ${allowed.join(', ')}.` }),
  };
}

/**
 * The issues worth telling: the first at each place, and no missing setting when an unknown key beside it was taken for
 * its misspelling.
 */
export function tellingIssues(issues: readonly Issue[], entry: { value: unknown; schema: z.core.$ZodType }): Issue[] {
  const told = new Set<string>();
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') continue;
    const allowed = allowedKeys(entry.schema, entry.value, issue.path);
    for (const key of issue.keys) {
      const meant = nearest(key, allowed);
      if (meant === undefined) continue;
      const place = [...issue.path, meant];
      if (at(entry.value, place) === undefined) told.add(JSON.stringify(place));
    }
  }
  return issues.filter((issue) => {
    if (issue.code === 'unrecognized_keys') return true;
    const place = JSON.stringify(issue.path);
    const isNew = !told.has(place);
    told.add(place);
    return isNew;
  });
}

/** What stands at a path of plain data; `undefined` where there is nothing. */
export function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, step)) return undefined;
    current = (current as Record<PropertyKey, unknown>)[step];
  }
  return current;
}

/** `text`, `a list`, …: what a value is, without saying it. */
export function kindOf(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  if (typeof value === 'number') return 'a number';
  if (typeof value === 'boolean') return String(value);
  return 'a map';
}

function choicesOf(issue: Issue): string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code !== 'invalid_union' || !('options' in issue) || !Array.isArray(issue.options)) return undefined;
  return issue.options.map(String);
}

function butIs(found: unknown, issue: Issue): string {
  if (typeof found === 'number') return `, but is ${found}`;
  if (typeof found === 'string' && issue.code !== 'too_small' && issue.code !== 'too_big')
    return `, but is ${quote(found)}`;
  return typeof found === 'string' || Array.isArray(found) ? '' : `, but is ${kindOf(found)}`;
}

function boundOf(issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig): string {
  const [word, limit] = issue.code === 'too_small' ? ['at least', issue.minimum] : ['at most', issue.maximum];
  if (issue.origin === 'string') return limit === 1 ? 'not be empty' : `have ${word} ${limit} characters`;
  if (issue.origin === 'array') return limit === 1 ? 'have at least one item' : `have ${word} ${limit} items`;
  return `be ${word} ${limit}`;
}

function quotes(expected: string, found: unknown): { suggestion?: string } {
  if (expected === 'string' && (typeof found === 'number' || typeof found === 'boolean')) {
    return { suggestion: 'Put it in quotes.' };
  }
  const wanted = expected === 'int' ? 'number' : expected;
  const isQuoted = typeof found === 'string' && typeof asNumberOrBoolean(found) === wanted;
  return isQuoted ? { suggestion: 'Write it without quotes.' } : {};
}
