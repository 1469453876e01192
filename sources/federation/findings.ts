import type { ASTNode, GraphQLError } from 'graphql';
import { getLocation } from 'graphql';
import type { Problem } from '../../kernel/problem.ts';

/** How many mistakes of one document are told; a document with more has one cause for most of them. */
export const MAX_PROBLEMS = 50;

/** Mistakes and remarks about one document, collected while it is read. */
export interface Findings {
  readonly problems: readonly Problem[];
  readonly notices: readonly Problem[];
  problem(at: ASTNode | undefined, message: string, more?: Pick<Problem, 'suggestion'>): void;
  notice(at: ASTNode | undefined, message: string, more?: Pick<Problem, 'suggestion'>): void;
  /** An error of GraphQL.js, which knows its line. */
  error(error: GraphQLError, more?: Pick<Problem, 'suggestion'>): void;
}

/** `file` names the document; its nodes must have been parsed with their locations. */
export function createFindings(file: string): Findings {
  const problems: Problem[] = [];
  const notices: Problem[] = [];
  let left = 0;
  // Finding a line takes as long as the document is: it is done for what is told.
  const add = (problem: () => Problem) => {
    if (problems.length < MAX_PROBLEMS) {
      problems.push(problem());
      return;
    }
    left += 1;
    problems[MAX_PROBLEMS] = { file, message: `There are ${left} more problems in this document.` };
  };
  return {
    problems,
    notices,
    problem: (at, message, more) => add(() => ({ message, file, ...lineOf(at), ...more })),
    notice: (at, message, more) => void notices.push({ message, file, ...lineOf(at), ...more }),
    error: (error, more) => {
      // Of two places the second one is too much.
      const line = error.locations?.at(-1)?.line;
      add(() => ({ message: error.message, file, ...(line === undefined ? {} : { line }), ...more }));
    },
  };
}

export function lineOf(node: ASTNode | undefined): { line?: number } {
  return node?.loc === undefined ? {} : { line: getLocation(node.loc.source, node.loc.start).line };
}
