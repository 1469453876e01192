import type { EmbedResponse } from '../model.ts';
import { requestExtras } from './content.ts';
import { authHeaders, type DialectQuirks, type EmbeddingDialect, errorInside, unreadable } from './dialect.ts';
import { openaiUsage } from './openai-usage.ts';
import { arrayOf, countOf, objectOf, textOf } from './read.ts';

/** https://platform.openai.com/docs/api-reference/embeddings */
export function createOpenaiEmbeddings(quirks: DialectQuirks): EmbeddingDialect {
  return {
    request: (call, target) => ({
      path: '/embeddings',
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        ...authHeaders(quirks.auth ?? 'bearer', target.apiKey),
      },
      body: JSON.stringify({
        model: target.model,
        input: call.texts,
        encoding_format: 'float',
        dimensions: call.dimensions,
        ...requestExtras('openai', call),
      }),
    }),
    parse(body, call): EmbedResponse {
      const answer = objectOf(body);
      if (answer.error !== undefined && answer.error !== null) throw errorInside(answer);
      const embeddings: (readonly number[])[] = [];
      for (const [place, entry] of arrayOf(answer.data).map(objectOf).entries()) {
        const index = countOf(entry.index) ?? place;
        // A list with a place far behind its end takes minutes to go through.
        if (index >= call.texts.length) throw incomplete();
        embeddings[index] = vectorOf(entry.embedding);
      }
      return {
        embeddings: complete(embeddings, call.texts.length),
        usage: openaiUsage(answer.usage, quirks),
        modelId: textOf(answer.model),
      };
    },
  };
}

/** @throws SkeinError UPSTREAM_BAD_RESPONSE for anything but a list of numbers. */
export function vectorOf(value: unknown): readonly number[] {
  const isVector = Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'number');
  if (!isVector) throw unreadable('An embedding is no list of numbers.');
  return value;
}

/** @throws SkeinError UPSTREAM_BAD_RESPONSE unless there is one for each text. */
export function complete(embeddings: readonly (readonly number[])[], wanted: number): readonly (readonly number[])[] {
  const known = embeddings.filter((embedding) => embedding !== undefined);
  if (known.length !== wanted || embeddings.length !== wanted) throw incomplete();
  return embeddings;
}

function incomplete(): Error {
  return unreadable('There is not one embedding for each text.');
}
