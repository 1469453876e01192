import { isNonNullType } from 'graphql';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import type { PromptOptions } from './options.ts';
import { type PromptTypes, readPromptTypes } from './prompt-types.ts';
import { type RequestOf, readVersion } from './read-version.ts';
import { type Release, readRelease } from './release.ts';
import { createStructuredOutput, type StructuredOutput } from './structured-output.ts';
import { shortHash, versionHash } from './version-hash.ts';
import { checkForm, versionsOf } from './versions.ts';

/** A version that can be asked by. */
export interface ReadVersion {
  readonly name: string;
  /** In its short form. */
  readonly hash: string;
  /** Name of a route or a model, not looked up. */
  readonly route: string;
  readonly requestOf: RequestOf;
}

/** A prompt without mistakes, as far as it knows no models. */
export interface ReadPrompt {
  readonly types: PromptTypes;
  /** Where the output is not text. */
  readonly output: StructuredOutput | undefined;
  readonly versions: ReadonlyMap<string, ReadVersion>;
  readonly release: Release;
}

export interface PromptChecks {
  /** Told of the route of each version. Default: routes are not looked at. */
  route?(name: string, tell: (problem: Problem) => void): void;
  /** Whether it is for a graph, which has to know which version answers. Default: yes. */
  readonly isReleased?: boolean;
}

/** Reads a prompt with all its versions. Tells every mistake with its path below the prompt; `undefined` if there was one. */
export function readPrompt(
  name: string,
  options: PromptOptions,
  report: (problem: Problem) => void,
  checks: PromptChecks = {},
): ReadPrompt | undefined {
  let failed = false;
  const tell = (problem: Problem) => {
    failed = true;
    report(problem);
  };
  checkForm(options, tell);
  const types = readPromptTypes(options, tell);
  const output = types && readOutput(name, types, tell);
  const signature = { prompt: name, inputs: Object.keys(options.input), types, output };
  const versions = new Map<string, ReadVersion>();
  const all = versionsOf(options);
  for (const version of all) {
    checks.route?.(version.route, (problem) => tell({ ...problem, path: [...version.path, 'route'] }));
    const requestOf = readVersion(version, signature, tell);
    if (requestOf === undefined) continue;
    const hash = shortHash(versionHash(options, version.name));
    versions.set(version.name, { name: version.name, hash, route: version.route, requestOf });
  }
  const names = all.map((version) => version.name);
  const release = checks.isReleased === false ? () => '' : readRelease(name, options, names, tell);
  return failed || types === undefined || release === undefined ? undefined : { types, output, versions, release };
}

function readOutput(name: string, types: PromptTypes, tell: (problem: Problem) => void): StructuredOutput | undefined {
  const type = isNonNullType(types.output) ? types.output.ofType : types.output;
  if (String(type) === 'String') return undefined;
  try {
    return createStructuredOutput(name, types.output);
  } catch (error) {
    if (!(error instanceof ProblemsError)) throw error;
    for (const problem of error.problems) tell({ ...problem, path: ['output'] });
    return undefined;
  }
}
