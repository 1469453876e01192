import { SkeinError } from '../../kernel/errors.ts';
import { type Clock, systemClock } from '../../kernel/ports.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { FinishReason, ModelRequest, Usage } from '../ai/model.ts';
import type { Models } from '../ai/model-client.ts';
import type { Arguments, CallContext } from '../source.ts';
import { parseOptions } from './check-prompt.ts';
import { readInputValues } from './input-values.ts';
import { type ReadVersion, readPrompt } from './read-prompt.ts';
import type { StructuredOutput } from './structured-output.ts';

const MAX_MODELS = 20;
const DEFAULT_CONCURRENCY = 4;
const MAX_ANSWER_CHARACTERS = 2_000_000;

export interface PromptTrial {
  /** For messages and logs. Default: `draft`. */
  readonly name?: string | undefined;
  /** A prompt as in skein.yaml; its routes are not asked. */
  readonly options: unknown;
  /** Which of its versions. Needed where it has several. */
  readonly version?: string | undefined;
  /** Values of its arguments. */
  readonly input: Arguments;
  /** Names of models or routes, at least one and at most 20; one may stand there twice. */
  readonly models: readonly string[];
  readonly client: Models;
  readonly context: CallContext;
  /** How many models are asked at a time. Default: 4. */
  readonly concurrency?: number | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** What came of asking one model. */
export interface PromptRun {
  /** As it was asked for. */
  readonly name: string;
  /** The model that was asked, and its provider. */
  readonly model: string;
  readonly provider: string;
  /** The value of the prompt's field; undefined when there is an error. */
  readonly output: unknown;
  /** Fit for clients. */
  readonly error: SkeinError | undefined;
  /** What the model wrote, whole or as far as it came. */
  readonly text: string;
  /** Whether a whole answer came and fits the output type; undefined when none came. */
  readonly isValid: boolean | undefined;
  readonly finishReason: FinishReason | undefined;
  readonly usage: Usage | undefined;
  /** From the request to the end of the answer, or to the error. */
  readonly latencyMs: number;
  /** From the request to the first piece of text. */
  readonly firstTokenMs: number | undefined;
}

/**
 * Asks models by a prompt that is in no graph, side by side; results are in the order of `models`. A model that fails is
 * a result, and the others go on.
 * @throws ProblemsError for mistakes in the prompt, the input or the names of models: all of them, with paths below
 *   `options`, `version`, `input` and `models`
 * @throws SkeinError BAD_USER_INPUT when the template cannot be filled; the reason of the cancellation when the context is
 *   cancelled
 */
export async function runPrompt(trial: PromptTrial): Promise<readonly PromptRun[]> {
  const { context, client, clock = systemClock } = trial;
  const { version, output, args } = readTrial(trial);
  const request = version.requestOf(args, context);
  const runs: PromptRun[] = [];
  let next = 0;
  const work = async () => {
    while (next < trial.models.length && context.cancellation.reason === undefined) {
      const index = next++;
      const name = trial.models[index] ?? '';
      runs[index] = await runModel(name, { request, output, client, context, clock });
    }
  };
  const workers = Math.max(1, Math.min(trial.concurrency ?? DEFAULT_CONCURRENCY, trial.models.length));
  await Promise.all(Array.from({ length: workers }, work));
  if (context.cancellation.reason !== undefined) throw context.cancellation.reason;
  return runs;
}

interface ReadTrial {
  readonly version: ReadVersion;
  readonly output: StructuredOutput | undefined;
  readonly args: Arguments;
}

function readTrial({ name = 'draft', options, version: wanted, input, models, client }: PromptTrial): ReadTrial {
  const problems: Problem[] = [];
  const under =
    (first: string) =>
    ({ path, ...problem }: Problem) =>
      problems.push({ ...problem, path: [first, ...(path ?? [])] });
  checkModels(models, client, under('models'));
  const parsed = parseOptions(options, under('options'));
  const prompt = parsed && readPrompt(name, parsed, under('options'), { isReleased: false });
  const version = prompt && chooseVersion(prompt.versions, wanted, under('version'));
  const args = prompt && readInputValues(prompt.types.args, input, under('input'));
  if (problems.length > 0 || version === undefined || args === undefined) throw new ProblemsError(problems);
  return { version, output: prompt?.output, args };
}

function checkModels(names: readonly string[], client: Models, tell: (problem: Problem) => void): void {
  if (names.length === 0) tell({ message: 'At least one model must be named.' });
  if (names.length > MAX_MODELS) tell({ message: `At most ${MAX_MODELS} models can be asked at once.` });
  const known = client.names();
  for (const [index, name] of names.slice(0, MAX_MODELS).entries()) {
    if (known.includes(name)) continue;
    const message = client.unavailable(name) ?? `There is no model or route "${name}".${didYouMean(name, known)}`;
    tell({ path: [index], message });
  }
}

function chooseVersion(
  versions: ReadonlyMap<string, ReadVersion>,
  wanted: string | undefined,
  tell: (problem: Problem) => void,
): ReadVersion | undefined {
  const names = [...versions.keys()];
  if (wanted === undefined) {
    if (versions.size === 1) return versions.values().next().value;
    tell({ message: `The prompt has several versions: name one of ${names.join(', ')}.` });
    return undefined;
  }
  const version = versions.get(wanted);
  if (version === undefined) tell({ message: `There is no version "${wanted}".${didYouMean(wanted, names)}` });
  return version;
}

interface Asking {
  readonly request: ModelRequest;
  readonly output: StructuredOutput | undefined;
  readonly client: Models;
  readonly context: CallContext;
  readonly clock: Clock;
}

async function runModel(name: string, { request, output, client, context, clock }: Asking): Promise<PromptRun> {
  const target = client.resolve(name);
  const startedAt = clock.now();
  let text = '';
  let firstTokenMs: number | undefined;
  let finishReason: FinishReason | undefined;
  let usage: Usage | undefined;
  let value: unknown;
  let error: SkeinError | undefined;
  try {
    for await (const part of client.stream(target, request, context)) {
      if (part.type === 'text') {
        firstTokenMs ??= clock.now() - startedAt;
        text += part.text;
        if (text.length > MAX_ANSWER_CHARACTERS) throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE');
      } else if (part.type === 'finish') {
        finishReason = part.reason;
        usage = part.usage;
      }
    }
  } catch (caught) {
    error =
      caught instanceof SkeinError ? caught : new SkeinError('INTERNAL_SERVER_ERROR', undefined, { cause: caught });
  }
  const latencyMs = clock.now() - startedAt;
  let isValid: boolean | undefined;
  if (error === undefined) {
    try {
      const response = { id: undefined, modelId: undefined, text, finishReason: finishReason ?? 'other', usage };
      value = output === undefined ? text : output.read(response, context);
      isValid = true;
    } catch (caught) {
      if (!(caught instanceof SkeinError)) throw caught;
      error = caught;
      isValid = false;
    }
  }
  const { name: model, provider } = target;
  return { name, model, provider, output: value, error, text, isValid, finishReason, usage, latencyMs, firstTokenMs };
}
