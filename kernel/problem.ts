/**
 * A mistake in what an operator gave us — skein.yaml, a source's document, a link — told so that it can be mended:
 * where it is, what is wrong, what to do. Problems are collected and shown all at once.
 */
export interface Problem {
  /** What is wrong, in one sentence. */
  readonly message: string;
  /** Path into skein.yaml, e.g. `['links', 'Product.stock', 'call']`; the reader of the file turns it into a line. */
  readonly path?: readonly (string | number)[];
  /** The file the mistake is in, when that is not skein.yaml itself. */
  readonly file?: string;
  /** Line in `file`, counted from 1. */
  readonly line?: number;
  /** The way out. */
  readonly suggestion?: string;
}

/** Thrown where going on makes no sense; carries every problem found so far. */
export class ProblemsError extends Error {
  override readonly name = 'ProblemsError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map((problem) => problem.message).join('\n'));
    this.problems = problems;
  }
}
