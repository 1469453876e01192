import { notFound, UserErrors, userError } from '../errors.ts';
import { demand } from '../permissions.ts';
import { type AdminContext, tenantFor } from './context.ts';
import { readEntry } from './entries.ts';
import type { PlaygroundAnswer } from './ports.ts';
import { versionsOf } from './prompt-versions.ts';
import { checkSize } from './read-options.ts';
import { resources } from './resources.ts';

export interface PlaygroundRun {
  /** Of a prompt in the working copy; what the prompt is called where options are given. */
  readonly name?: string | null | undefined;
  readonly options?: unknown;
  /** One of its versions; without it, the one that most are answered by. */
  readonly version?: string | null | undefined;
  readonly input: unknown;
  readonly models: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const MOST_MODELS = 10;
const MOST_INPUT_BYTES = 1_048_576;

/** Runs a prompt as it is being worked on, against several models side by side. It is not in the graph for that. */
export async function runPrompt(
  context: AdminContext,
  { name, options, version, input, models, signal }: PlaygroundRun,
  tenant?: string | null,
): Promise<readonly PlaygroundAnswer[]> {
  demand(context.actor, 'configuration');
  const of = await tenantFor(context, tenant);
  checkSize(input, 'input');
  checkRun(input, models);
  const called = name ?? 'draft';
  let draft = options;
  if (draft === undefined) {
    if (typeof name !== 'string') throw userError('INVALID', ['name'], 'Name a prompt, or give the options of one.');
    const known = await resources.get(context, 'prompts', name, of._id);
    if (known === undefined) throw notFound('prompt', ['name']);
    draft = JSON.parse(known.options) as unknown;
  }
  if (typeof version === 'string') {
    if (!Object.hasOwn(versionsOf({ options: draft }), version)) throw notFound('version of the prompt', ['version']);
  }
  const { published } = readEntry(context, 'prompts', { name: called, options: draft }, of);
  return context.ports.playground({
    tenant: of,
    name: called,
    options: published.options,
    version: version ?? mostReleased(draft),
    input: input as Readonly<Record<string, unknown>>,
    models,
    signal,
  });
}

function mostReleased(options: unknown): string | undefined {
  const { release } = options as { readonly release?: unknown };
  if (!Array.isArray(release)) return undefined;
  const shares = release as readonly { readonly version?: unknown; readonly weight?: unknown }[];
  const [first] = [...shares].sort((one, other) => Number(other.weight ?? 1) - Number(one.weight ?? 1));
  return typeof first?.version === 'string' ? first.version : undefined;
}

function checkRun(input: unknown, models: readonly string[]): void {
  const errors = [];
  if (typeof input !== 'object' || input === null || Array.isArray(input))
    errors.push({ code: 'INVALID' as const, path: ['input'], message: 'must be a map of the arguments' });
  else if (Buffer.byteLength(JSON.stringify(input)) > MOST_INPUT_BYTES)
    errors.push({
      code: 'INVALID' as const,
      path: ['input'],
      message: `may have ${MOST_INPUT_BYTES} bytes at the most`,
    });
  if (models.length < 1 || models.length > MOST_MODELS)
    errors.push({ code: 'INVALID' as const, path: ['models'], message: `must be from 1 to ${MOST_MODELS}` });
  if (errors.length > 0) throw new UserErrors(errors);
}
