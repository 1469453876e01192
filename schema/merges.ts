import type { Problem } from '../kernel/problem.ts';
import { didYouMean } from '../kernel/suggest.ts';
import { checkLink } from './link-check.ts';
import type { IsMissing, Link } from './links.ts';
import { checkMergedFields } from './merge-fields.ts';
import type { MergeOptions } from './options.ts';
import type { Ownership } from './ownership.ts';

/** A type whose fields come from several sources. */
export interface Merge {
  readonly typeName: string;
  readonly key: string | undefined;
  /** Sources that have the type → how they are asked for its objects by key; undefined where they cannot be asked. */
  readonly sources: ReadonlyMap<string, Link | undefined>;
}

/** Checks what is configured to be one type, and reports every mistake. */
export function compileMerges(
  options: Readonly<Record<string, MergeOptions>>,
  ownership: Ownership,
  isMissing: IsMissing,
  report: (problem: Problem) => void,
): ReadonlyMap<string, Merge> {
  const merges = new Map<string, Merge>();
  for (const [typeName, { key, sources }] of Object.entries(options)) {
    const compiled = new Map<string, Link | undefined>();
    for (const [source, { call, ...link }] of Object.entries(sources)) {
      const path = ['types', typeName, 'sources', source];
      // What a source that is there in part lacks may be in the other part.
      const reportWrong = isMissing(source) ? () => {} : report;
      if (!ownership.has(source, typeName)) {
        const names = [...ownership.types].filter(([, owner]) => owner === source).map(([name]) => name);
        reportWrong({
          path,
          message: `Type "${typeName}" is to come from source "${source}", which has no such type.${didYouMean(typeName, names)}`,
        });
        continue;
      }
      if (key !== undefined && ownership.fieldIn(source, typeName, key) === undefined) {
        reportWrong({ path, message: `Type "${typeName}" of source "${source}" has no field "${key}", its key.` });
        continue;
      }
      if (call === undefined) {
        compiled.set(source, undefined);
        continue;
      }
      if (key === undefined) {
        reportWrong({
          path: [...path, 'call'],
          message: `Type "${typeName}" has no key that source "${source}" could be asked by.`,
        });
        continue;
      }
      const checked = checkLink(
        `${typeName}.${key}`,
        { ...link, call: `${source}.${call}`, many: false },
        {
          ownership,
          links: {},
          isMissing,
          report: (problem) =>
            reportWrong({
              ...problem,
              path: [...path, ...(problem.path ?? []).slice(2)],
              message: problem.message.replace(/^Link "[^"]*"/, `Type "${typeName}" of source "${source}"`),
            }),
          isMerge: true,
        },
      );
      if (checked === undefined) {
        // It still gives what it finds itself.
        if (isMissing(source)) compiled.set(source, undefined);
        continue;
      }
      if (checked.type !== typeName) {
        reportWrong({
          path: [...path, 'call'],
          message: `"${call}" of source "${source}" answers ${checked.type}, not ${typeName}.`,
          suggestion: 'Say with `items` where in the answer the list is.',
        });
        continue;
      }
      compiled.set(source, checked);
    }
    const merge = { typeName, key, sources: compiled };
    checkMergedFields(merge, ownership, report);
    merges.set(typeName, merge);
  }
  return merges;
}
