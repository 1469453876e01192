import { isNonNullType } from 'graphql';
import { describeError, SkeinError } from '../../kernel/errors.ts';
import { type Problem, ProblemsError } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import type { ModelRequest } from '../ai/model.ts';
import type { Models } from '../ai/model-client.ts';
import { textEvents } from '../ai/text-events.ts';
import type { Arguments, CallContext, StreamCall, UnaryCall } from '../source.ts';
import type { PromptOptions } from './options.ts';
import { type PromptTypes, readPromptTypes } from './prompt-types.ts';
import { createStructuredOutput, type StructuredOutput } from './structured-output.ts';
import { type PromptTemplate, parseTemplate } from './template.ts';
import { createValues, sampleValues } from './template-values.ts';

const TITLES = { template: 'template', system: 'system text' } as const;

/** A prompt that is ready to be called. */
export interface Prompt {
  readonly name: string;
  readonly description: string | undefined;
  readonly types: PromptTypes;
  readonly call: UnaryCall;
  /** Only where the output is text. */
  readonly stream: StreamCall | undefined;
}

/** Compiles a prompt. Tells every mistake with its path below the prompt; `undefined` if there was one. */
export function compilePrompt(
  name: string,
  options: PromptOptions,
  models: Models,
  report: (problem: Problem) => void,
): Prompt | undefined {
  let failed = false;
  const tell = (problem: Problem) => {
    failed = true;
    report(problem);
  };
  checkRoute(options.route, models, tell);
  const types = readPromptTypes(options, tell);
  const template = readTemplate('template', options.template, options, types, tell);
  const system = readTemplate('system', options.system, options, types, tell);
  const output = types && readOutput(name, types, tell);
  if (failed || types === undefined || template === undefined) return undefined;

  const valuesOf = createValues(types.args);

  function requestOf(args: Arguments, context: CallContext): ModelRequest {
    try {
      const values = valuesOf(args);
      return {
        system: system?.render(values),
        messages: [{ role: 'user', content: (template as PromptTemplate).render(values) }],
        maxTokens: options.maxTokens,
        temperature: options.temperature,
        output: output?.shape,
      };
    } catch (error) {
      const fields = { prompt: name, requestId: context.requestId, reason: describeError(error) };
      context.log.warn(fields, 'A template could not be filled.');
      const message = `The template of the prompt "${name}" cannot be filled with these arguments.`;
      throw new SkeinError('BAD_USER_INPUT', message, { details: { source: 'prompts', operation: name } });
    }
  }

  async function invoke(args: Arguments, context: CallContext): Promise<unknown> {
    const request = requestOf(args, context);
    const response = await models.generate(models.resolve(options.route), request, context);
    return output === undefined ? response.text : output.read(response, context);
  }

  const stream: StreamCall = {
    type: 'stream',
    operation: `${name}Stream`,
    open(args, context) {
      const request = requestOf(args, context);
      const target = models.resolve(options.route);
      return textEvents(models.stream(target, request, context), target.name);
    },
  };
  return {
    name,
    description: options.description,
    types,
    call: { type: 'unary', operation: name, invoke },
    stream: output === undefined ? stream : undefined,
  };
}

function checkRoute(route: string, models: Models, tell: (problem: Problem) => void): void {
  if (models.names().includes(route)) return;
  const reason = models.unavailable(route);
  tell({
    path: ['route'],
    message: reason ?? `There is no model or route "${route}".${didYouMean(route, models.names())}`,
    ...(reason !== undefined && { suggestion: 'Set the key of a provider, or name another route.' }),
  });
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

function readTemplate(
  key: keyof typeof TITLES,
  text: string | undefined,
  options: PromptOptions,
  types: PromptTypes | undefined,
  tell: (problem: Problem) => void,
): PromptTemplate | undefined {
  if (text === undefined) return undefined;
  const path = [key];
  let template: PromptTemplate;
  try {
    template = parseTemplate(text);
  } catch (error) {
    tell({ path, message: `The ${TITLES[key]} cannot be read: ${describeError(error)}.` });
    return undefined;
  }
  const inputs = Object.keys(options.input);
  const undeclared = template.variables.filter((variable) => !inputs.includes(variable.name));
  for (const variable of undeclared) {
    tell({
      path,
      message: `Line ${variable.line} of the ${TITLES[key]} reads "${variable.name}", which is no input of the prompt.${didYouMean(variable.name, inputs)}`,
    });
  }
  if (types !== undefined && undeclared.length === 0) tryTemplate(key, template, types, tell);
  return template;
}

/** Finds fields that the types do not have, by filling the template once with everything and once with little. */
function tryTemplate(
  key: keyof typeof TITLES,
  template: PromptTemplate,
  types: PromptTypes,
  tell: (problem: Problem) => void,
): void {
  for (const amount of ['full', 'bare'] as const) {
    const values = sampleValues(types.args, amount);
    if (values === undefined) return;
    try {
      if (!template.render(values).includes('[object Object]')) continue;
      tell({
        path: [key],
        message: `The ${TITLES[key]} writes out an object as a whole.`,
        suggestion: 'Write its fields, or `{{ value | json }}`.',
      });
      return;
    } catch (error) {
      // Other failures may be due to the values that were made up.
      if (!/undefined variable/.test(describeError(error))) continue;
      tell({
        path: [key],
        message: `The ${TITLES[key]} reads a field that the input does not have: ${describeError(error)}.`,
      });
      return;
    }
  }
}
