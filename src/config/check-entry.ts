import type { z } from 'zod';
import type { Problem } from '../../kernel/problem.ts';
import { at, explainIssue, tellingIssues } from './explain-issue.ts';
import { pathText, type YamlPath, yamlPath } from './path-text.ts';
import { everyIssue, spreadUnions } from './union-issues.ts';
import type { YamlDocument } from './yaml-document.ts';

/** Mistakes of one entry that are told; of more, how many there are. */
const MAX_TOLD = 100;

/**
 * Checks one entry of the file. Unknown keys are told and dropped; the entry is used if nothing else is wrong, else the
 * answer is `undefined`.
 *
 * Scalars from the environment are tried as text first; where the schema refuses text and wants a number or a boolean,
 * the scalar is read as one. So `timeoutMs: ${T:-500}` works, and a key that happens to be 12345 stays text.
 */
export function checkEntry<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: YamlPath,
  document: YamlDocument,
  report: (problem: Problem) => void,
): { readonly value: T } | undefined {
  const data: unknown = structuredClone(value);
  let result = schema.safeParse(data);
  while (!result.success && convert(result.error.issues, data, path, document)) result = schema.safeParse(data);
  if (result.success) return { value: result.data };

  const { issues: all } = result.error;
  const issues = spreadUnions(all.slice(0, MAX_TOLD));
  const entry = { path, value: data, schema };
  for (const issue of tellingIssues(issues, entry)) {
    if (document.hasFailed([...path, ...yamlPath(issue.path)])) continue;
    explainIssue(issue, entry, document.isSubstituted).forEach(report);
  }
  if (all.length > MAX_TOLD) {
    report({ message: `${pathText(path)} has ${all.length - MAX_TOLD} more mistakes.`, path });
    return undefined;
  }
  for (const issue of issues) {
    if (issue.code !== 'unrecognized_keys') return undefined;
    const holder = at(data, issue.path);
    for (const key of issue.keys) Reflect.deleteProperty(holder as object, key);
  }
  const again = schema.safeParse(data);
  return again.success ? { value: again.data } : undefined;
}

/** Puts numbers and booleans where the schema wants them and the scalar allows it; false if there was no such place. */
function convert(issues: readonly z.core.$ZodIssue[], data: unknown, path: YamlPath, document: YamlDocument): boolean {
  let converted = false;
  for (const issue of everyIssue(issues)) {
    if (issue.code !== 'invalid_type') continue;
    const key = issue.path.at(-1);
    if (key === undefined || typeof at(data, issue.path) !== 'string') continue;
    const alternative = document.alternative([...path, ...yamlPath(issue.path)]);
    const wanted = issue.expected === 'int' ? 'number' : issue.expected;
    if (typeof alternative !== wanted) continue;
    const holder = at(data, issue.path.slice(0, -1)) as Record<PropertyKey, unknown>;
    holder[key] = alternative;
    converted = true;
  }
  return converted;
}
