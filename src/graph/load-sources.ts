import { readFile } from 'node:fs/promises';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { createAiSource } from '../../sources/ai/ai-source.ts';
import { createModels, type Models } from '../../sources/ai/model-client.ts';
import { createGraphqlSource } from '../../sources/graphql/graphql-source.ts';
import { createGrpcSource } from '../../sources/grpc/grpc-source.ts';
import { createOpenapiSource } from '../../sources/openapi/openapi-source.ts';
import { createPromptSource } from '../../sources/prompt/prompt-source.ts';
import type { Source, SourceDeps } from '../../sources/source.ts';
import { fetchDocument } from '../../sources/upstream/fetch-document.ts';
import type { SkeinConfig, SourceOptions } from '../config/schema.ts';

/** What came of loading one source. */
export type LoadedSource =
  | { readonly name: string; readonly source: Source }
  /** Its document or endpoint cannot be reached now: worth another try. */
  | { readonly name: string; readonly unreachable: string }
  /** Its configuration or document is wrong; the problems are reported. */
  | { readonly name: string; readonly broken: true };

export interface LoadDeps {
  readonly log: Log;
  readonly report: (problem: Problem) => void;
}

/** Makes one source of the configuration. Never rejects. */
export async function loadSource(
  name: string,
  options: SourceOptions,
  { log, report }: LoadDeps,
): Promise<LoadedSource> {
  let failed = false;
  const deps: SourceDeps = {
    log,
    report: (problem) => {
      failed = true;
      report({ ...problem, path: ['sources', name, ...(problem.path ?? [])] });
    },
  };
  try {
    const source = await createSource(name, options, deps);
    if (!failed) return { name, source };
    await source.dispose();
    return { name, broken: true };
  } catch (error) {
    if (error instanceof SkeinError) return { name, unreachable: describeError(error.cause ?? error) };
    const problems = error instanceof ProblemsError ? error.problems : [{ message: describeError(error) }];
    for (const problem of problems) deps.report(problem);
    return { name, broken: true };
  }
}

async function createSource(name: string, options: SourceOptions, deps: SourceDeps): Promise<Source> {
  switch (options.kind) {
    case 'openapi': {
      const text = /^https?:/.test(options.document)
        ? await fetchDocument(name, options.document)
        : await readFile(options.document, 'utf8');
      return createOpenapiSource(name, options, text, options.document, deps);
    }
    case 'grpc':
      return createGrpcSource(name, options, options.document ?? '', deps);
    case 'graphql': {
      const text = options.document === undefined ? undefined : await readFile(options.document, 'utf8');
      return createGraphqlSource(name, options, text, deps);
    }
  }
}

/** The AI and prompt sources, if the configuration has any. */
export function loadModels(
  config: SkeinConfig,
  { log, report }: LoadDeps,
): { models: Models | undefined; sources: Source[] } {
  if (Object.keys(config.providers).length === 0 && Object.keys(config.prompts).length === 0)
    return { models: undefined, sources: [] };
  const models = createModels(config, { log, report });
  const sources: Source[] = [];
  if (models.list().length > 0) sources.push(createAiSource(models, { log, report }));
  if (Object.keys(config.prompts).length > 0) {
    const under = (problem: Problem) => report({ ...problem, path: ['prompts', ...(problem.path ?? [])] });
    const prompts = createPromptSource(config.prompts, models, { log, report: under });
    if (prompts.model.sdl !== '') sources.push(prompts);
  }
  return { models, sources };
}
