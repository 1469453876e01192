import type { z } from 'zod';

type Issue = z.core.$ZodIssue;

/**
 * The issues with those of unions spread out: where one of a union's forms fits the kind of the value, what is wrong is
 * told by that form. A union without such a form stays as it is.
 */
export function spreadUnions(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) => {
    if (issue.code !== 'invalid_union') return [issue];
    const form = issue.errors.find((inner) => inner.length > 0 && !inner.some(isOfOtherKind));
    return form === undefined ? [issue] : spreadUnions(below(form, issue.path));
  });
}

/** The issues of every form of every union. */
export function everyIssue(issues: readonly Issue[]): Issue[] {
  return issues.flatMap((issue) =>
    issue.code === 'invalid_union' ? everyIssue(issue.errors.flatMap((inner) => below(inner, issue.path))) : [issue],
  );
}

function isOfOtherKind({ code, path }: Issue): boolean {
  return path.length === 0 && (code === 'invalid_type' || code === 'invalid_value');
}

function below(issues: readonly Issue[], path: readonly PropertyKey[]): Issue[] {
  return issues.map((issue) => ({ ...issue, path: [...path, ...issue.path] }));
}
