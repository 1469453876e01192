import type { UserError } from '../../admin/errors.ts';
import type { AdminPorts, Validation } from '../../admin/stores/ports.ts';
import { SkeinError } from '../../kernel/errors.ts';
import type { Log } from '../../kernel/ports.ts';
import { silentLog } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { checkPrompt } from '../../sources/prompt/check-prompt.ts';
import type { Source } from '../../sources/source.ts';
import { checkEntry } from '../config/check-entry.ts';
import type { ConfigReading } from '../config/read-config.ts';
import { SECTIONS } from '../config/schema.ts';
import { parseYaml } from '../config/yaml-document.ts';
import type { CompileWorker } from '../graph/compile-worker.ts';
import { createGraph } from '../graph/graph.ts';
import { generationOptions } from '../graph/load-graph.ts';
import { compilerOf } from './compile-turns.ts';
import { createTurns } from './turns.ts';

export interface ValidationDeps {
  readonly log: Log;
  readonly compiler: CompileWorker;
  read(request: Parameters<AdminPorts['validate']>[0]): Promise<ConfigReading>;
  /** The schema that the tenant's clients have now; undefined: they have none. */
  currentSdl(tenant: string): string | undefined;
  /** What the tenant was granted of others. */
  givenTo(tenant: string): readonly Source[];
}

/** Each builds a graph beside those that serve. */
const TURNS = { most: 2, mostOfOne: 1, mostWaitingOfOne: 8, mostWaiting: 200 };
const NOTHING: Validation['changes'] = { breaking: [], dangerous: [], safe: [] };

/** Builds a graph of the configuration, compares it with the one that serves, and lets go of it. */
export function createValidation({ log, compiler, read, currentSdl, givenTo }: ValidationDeps): AdminPorts['validate'] {
  const turns = createTurns({
    ...TURNS,
    refuse: () =>
      new SkeinError(
        'RATE_LIMITED',
        'Too many changes are being tried at the same time: wait for one to end, and try again.',
      ),
  });
  const validate: AdminPorts['validate'] = async (request) => {
    const { config, problems } = await read(request);
    const isEmpty = Object.values(request.state).every((entries) => Object.keys(entries).length === 0);
    const given = givenTo(request.tenant._id);
    if (isEmpty && given.length === 0) return { errors: [], notices: [], changes: NOTHING };
    const own = compilerOf(compiler, request.tenant._id);
    try {
      // What only the operator may know of it is in the log.
      const warn: Log['warn'] = (fields, message) => log.warn({ tenant: request.tenant.name, ...fields }, message);
      const deps = { log: { ...silentLog, warn }, generation: generationOptions(config), given, compiler: own };
      const graph = await createGraph(config, problems, deps);
      try {
        const sdl = graph.registry.current()?.composition.publicSdl;
        const before = currentSdl(request.tenant._id);
        const changes = before === undefined || sdl === undefined ? undefined : await own.run('compare', before, sdl);
        return { errors: [], notices: noticesOf(graph), changes: changes ?? NOTHING };
      } finally {
        await graph.dispose();
      }
    } catch (error) {
      if (!(error instanceof ProblemsError)) throw error;
      return { errors: error.problems.map(toUserError), notices: [], changes: NOTHING };
    }
  };
  return (request) => turns.run(request.tenant._id, () => validate(request));
}

function noticesOf(graph: Awaited<ReturnType<typeof createGraph>>): readonly string[] {
  const missing = graph.states().flatMap(({ name, unreachable, failed }) => {
    const reason = failed ?? unreachable;
    return reason === undefined ? [] : [`The source "${name}" is left out until it is right: ${reason}`];
  });
  return [
    ...missing,
    ...graph.notices().map(({ path, message }) => [path?.join('.'), message].filter(Boolean).join(': ')),
  ];
}

function toUserError({ path = [], message, suggestion }: Problem): UserError {
  return {
    code: 'INVALID',
    path: path.map(String),
    message: suggestion === undefined ? message : `${message} ${suggestion}`,
  };
}

/** What is wrong with an entry by itself. What its `${…}` stand for is not known here, and not judged. */
export const checkEntryAlone: AdminPorts['checkEntry'] = (kind, name, options) => {
  const section = SECTIONS[kind];
  const problems: Problem[] = [];
  const report = (problem: Problem) => problems.push(problem);
  const wrong = section.key.safeParse(name).error?.issues[0]?.message;
  const errors: UserError[] = wrong === undefined ? [] : [{ code: 'INVALID', path: ['name'], message: wrong }];
  const document = parseYaml(JSON.stringify({ [kind]: { [name]: options ?? null } }), kind, ANY_VALUE, report);
  const value = (document.value as Record<string, Record<string, unknown>> | undefined)?.[kind]?.[name];
  const checked = checkEntry(section.entry as never, value, [kind, name], document, report);
  if (kind === 'prompts' && checked !== undefined && problems.length === 0) problems.push(...checkPrompt(name, value));
  for (const problem of problems) {
    const path = problem.path ?? [];
    if (document.isSubstituted(path)) continue;
    const below = path[0] === kind && path[1] === name ? path.slice(2) : path;
    errors.push({ ...toUserError(problem), path: ['options', ...below.map(String)] });
  }
  return errors;
};

/** Every variable and secret is there, and empty. */
const ANY_VALUE: Record<string, string> = new Proxy<Record<string, string>>(
  {},
  {
    get: () => '',
    has: () => true,
    getOwnPropertyDescriptor: () => ({ configurable: true, enumerable: true, value: '' }),
  },
);
