import { describeError, SkeinError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { ModelMessage, ModelRequest } from '../ai/model.ts';
import type { Arguments, CallContext } from '../source.ts';
import { readInputValues } from './input-values.ts';
import { MediaMarks } from './media-values.ts';
import type { PromptExample } from './options.ts';
import type { PromptTypes } from './prompt-types.ts';
import { readTemplate } from './read-template.ts';
import type { StructuredOutput } from './structured-output.ts';
import { createValues } from './template-values.ts';
import type { PromptVersion } from './versions.ts';

/** How long all examples of a version may take: it is done at one go, and everybody waits. */
const MAX_EXAMPLES_MS = 250;

/** What a version is read against. */
export interface Signature {
  readonly prompt: string;
  /** Names of the inputs, whether or not their types are right. */
  readonly inputs: readonly string[];
  /** Not there when they have mistakes: what needs them is not checked then. */
  readonly types: PromptTypes | undefined;
  /** Of prompts whose output is not text. */
  readonly output: StructuredOutput | undefined;
}

/** @throws SkeinError BAD_USER_INPUT when the template cannot be filled with the arguments. */
export type RequestOf = (args: Arguments, context: CallContext) => ModelRequest;

/** Makes of a version what asks by it. Tells every mistake, with paths below the prompt; `undefined` if there was one. */
export function readVersion(
  version: PromptVersion,
  { prompt, inputs, types, output }: Signature,
  report: (problem: Problem) => void,
): RequestOf | undefined {
  let failed = false;
  const tellAt =
    (...path: (string | number)[]) =>
    (problem: Problem) => {
      failed = true;
      report({ ...problem, path: [...version.path, ...path, ...(problem.path ?? [])] });
    };
  const template = readTemplate('template', version.template, inputs, types, tellAt('template'));
  const system =
    version.system === undefined ? undefined : readTemplate('system', version.system, inputs, types, tellAt('system'));
  if (template === undefined || types === undefined) return undefined;
  const valuesOf = createValues(types.args);
  const named = new Set(template.variables.map(({ name }) => name));
  const isNamed = (argument: string) => named.has(argument);
  const question = (args: Arguments) => {
    const marks = new MediaMarks();
    const values = valuesOf(args, marks);
    return {
      message: (): ModelMessage => ({ role: 'user', content: marks.fill(template.render(values), isNamed) }),
      system(): string | undefined {
        const text = system?.render(values);
        if (text !== undefined && marks.isIn(text)) throw new Error('An image or a file is in the system text');
        return text;
      },
    };
  };
  const ask = (args: Arguments): ModelMessage => question(args).message();
  // Values that do not fit their template once will not do so later.
  const examples: ModelMessage[] = [];
  if (!failed) {
    const until = performance.now() + MAX_EXAMPLES_MS;
    for (const [index, example] of (version.examples ?? []).entries()) {
      if (performance.now() > until) {
        tellAt('examples', index)({ message: 'The examples before this one take too long to fill the template.' });
        break;
      }
      const turns = readExample(example, { types, output, ask }, tellAt('examples', index));
      examples.push(...(turns ?? []));
    }
  }
  if (failed) return undefined;
  return (args, context) => {
    try {
      const { message, system } = question(args);
      return {
        system: system(),
        messages: [...examples, message()],
        maxTokens: version.maxTokens,
        temperature: version.temperature,
        output: output?.shape,
      };
    } catch (error) {
      if (error instanceof SkeinError) throw error;
      const fields = { prompt, version: version.name, requestId: context.requestId, reason: describeError(error) };
      context.log.warn(fields, 'A template could not be filled.');
      const message = `The template of the prompt "${prompt}" cannot be filled with these arguments.`;
      throw new SkeinError('BAD_USER_INPUT', message, { details: { source: 'prompts', operation: prompt } });
    }
  };
}

/** The two turns of an example: the question as it would be asked, and the answer as a model should give it. */
function readExample(
  { input, output: answer }: PromptExample,
  by: {
    readonly types: PromptTypes;
    readonly output: StructuredOutput | undefined;
    ask(args: Arguments): ModelMessage;
  },
  tell: (problem: Problem) => void,
): readonly ModelMessage[] | undefined {
  const values = readInputValues(by.types.args, input, (problem) =>
    tell({ ...problem, path: ['input', ...(problem.path ?? [])] }),
  );
  const content = writeAnswer(answer, by.output, (message) => tell({ path: ['output'], message }));
  if (values === undefined || content === undefined) return undefined;
  try {
    return [by.ask(values), { role: 'assistant', content }];
  } catch (error) {
    tell({ path: ['input'], message: `The template cannot be filled with the example: ${describeError(error)}.` });
    return undefined;
  }
}

function writeAnswer(
  answer: unknown,
  output: StructuredOutput | undefined,
  tell: (message: string) => void,
): string | undefined {
  if (output === undefined) {
    if (typeof answer === 'string') return answer;
    tell('The output of the example must be text, as the output of the prompt is.');
    return undefined;
  }
  const written = output.write(answer);
  if ('text' in written) return written.text;
  tell(`The output of the example does not fit the output type: ${written.reason}.`);
  return undefined;
}
