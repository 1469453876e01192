import type { Problem } from '../kernel/problem.ts';
import type { Source } from '../sources/source.ts';
import { compileLinks, type Link } from './links.ts';
import { type LinkOptions, linkOptions } from './options.ts';
import type { Ownership } from './ownership.ts';

/**
 * Joins that a source's own document declares. What the configuration says of the same field wins; one that does not
 * fit is left out with a notice.
 */
export function compileDeclaredLinks(
  sources: readonly Source[],
  configured: Readonly<Record<string, LinkOptions>>,
  ownership: Ownership,
  notice: (notice: Problem) => void,
): readonly Link[] {
  return sources.flatMap(({ name, model }) => {
    const declared: Record<string, LinkOptions> = {};
    for (const [coordinate, { call, args, description }] of model.links ?? []) {
      if (Object.hasOwn(configured, coordinate)) continue;
      const [, field = call] = call.split('.');
      declared[coordinate] = linkOptions.parse({
        call: `${name}.${field}`,
        args,
        ...(description === undefined ? {} : { description }),
      });
    }
    return compileLinks(
      declared,
      ownership,
      () => false,
      ({ message }) => notice({ path: ['sources', name], message: `A link of the document is left out: ${message}` }),
    );
  });
}
