import { z } from 'zod';

/** One of several words, each with what it means: `choiceOf({ sse: 'Over SSE.', ws: 'Over a WebSocket.' })`. */
export function choiceOf<const Word extends string>(values: Readonly<Record<Word, string>>) {
  return z.enum(Object.keys(values) as [Word, ...Word[]]).meta({ values });
}
