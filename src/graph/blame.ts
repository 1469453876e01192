import type { Problem } from '../../kernel/problem.ts';
import type { SourceOptions } from '../config/schema.ts';

/** Whether a service tells what the source offers: nothing of that is in the operator's hands. */
export function isToldByService(options: SourceOptions): boolean {
  switch (options.kind) {
    case 'openapi':
    case 'soap':
      return /^https?:/i.test(options.document);
    case 'grpc':
    case 'graphql':
      return options.document === undefined;
    case 'federation':
      return options.document === undefined && options.supergraph === undefined;
  }
}

/** Options that are blamed for what a service answers: it may answer better the next time. */
const BLAMED: Readonly<Record<SourceOptions['kind'], ReadonlySet<unknown>>> = {
  openapi: new Set(['document']),
  soap: new Set(['document']),
  grpc: new Set(),
  graphql: new Set(['endpoint', 'headers']),
  federation: new Set(['endpoint', 'headers']),
};

/** Whether a problem, its path below a source of the kind, is of what its service says, not of a line in skein.yaml. */
export function isOfService(kind: SourceOptions['kind'], { path = [], file }: Problem): boolean {
  return file !== undefined || path.length === 0 || (path.length === 1 && BLAMED[kind].has(path[0]));
}

/** A problem in a line of the log, or in a sentence. */
export function problemText({ message, file, line }: Problem): string {
  if (file === undefined) return message;
  return line === undefined ? `${file}: ${message}` : `${file}:${line}: ${message}`;
}
