import {
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLOutputType,
  getNamedType,
  isInputObjectType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import type { Generation } from '../../../schema/registry.ts';
import { FEEDBACK_FIELD } from '../../../sources/prompt/feedback.ts';
import type { PromptFacts } from '../../../sources/source.ts';

/** A prompt of a graph, and how the graph is asked for it. */
export interface RestPrompt {
  readonly name: string;
  /** Its inputs. */
  readonly args: readonly GraphQLArgument[];
  /** Its mutation, as its own source has it: without what links add to the types of its answer. */
  readonly field: GraphQLField<unknown, unknown>;
  readonly examples: PromptFacts['examples'];
  /** The operation that asks for a whole answer. Its field is called `output`. */
  readonly mutation: string;
  /** The one that asks for the answer as it is written, where the graph can. Its field is called `event`. */
  readonly subscription: string | undefined;
}

/** Where feedback goes: beside the prompts, any of which may be called so itself. */
export const FEEDBACK = '/rest/feedback';

/** The field that takes feedback, as an operation with the input in variables of its own. */
export interface RestFeedback {
  readonly args: readonly GraphQLArgument[];
  readonly field: GraphQLField<unknown, unknown>;
  /** Its field is called `output`. */
  readonly mutation: string;
}

/** Undefined: the graph has no prompts of its tenant's own. */
export function feedbackOf({ composition: { ownership }, sources }: Generation): RestFeedback | undefined {
  const coordinate = `Mutation.${FEEDBACK_FIELD}`;
  const owner = sources.find(({ name }) => name === ownership.rootFields.get(coordinate));
  const field = owner?.kind === 'prompt' ? ownership.rootField(owner.name, coordinate) : undefined;
  const input = field && getNamedType(field.args[0]?.type);
  if (field === undefined || !isInputObjectType(input)) return undefined;
  const args = Object.values(input.getFields());
  const variables = args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ');
  const given = args.map(({ name }) => `${name}: $${name}`).join(', ');
  const mutation = `mutation(${variables}) { output: ${FEEDBACK_FIELD}(input: { ${given} })${selectionOf(field.type)} }`;
  return { args, field, mutation };
}

const MAX_DEPTH = 20;
const known = new WeakMap<Generation, ReadonlyMap<string, RestPrompt>>();

/** The prompts of a graph by name, whoever may use them. Read once for each generation. */
export function promptsOf(generation: Generation): ReadonlyMap<string, RestPrompt> {
  const kept = known.get(generation);
  if (kept !== undefined) return kept;
  const { ownership } = generation.composition;
  const prompts = new Map<string, RestPrompt>();
  for (const { name: source, prompts: factsOf } of generation.sources) {
    for (const [name, { examples }] of factsOf?.() ?? []) {
      const coordinate = `Mutation.${name}`;
      const field =
        ownership.rootFields.get(coordinate) === source ? ownership.rootField(source, coordinate) : undefined;
      if (field === undefined) continue;
      const stream = ownership.rootField(source, `Subscription.${name}Stream`);
      prompts.set(name, {
        name,
        args: generation.schema.getMutationType()?.getFields()[name]?.args ?? field.args,
        field,
        examples,
        mutation: operationOf('mutation', 'output', field),
        subscription: stream && operationOf('subscription', 'event', stream),
      });
    }
  }
  known.set(generation, prompts);
  return prompts;
}

function operationOf(operation: string, alias: string, field: GraphQLField<unknown, unknown>): string {
  const { name, type } = field;
  return `${operation}${variablesOf(field)} { ${alias}: ${name}${argumentsOf(field)}${selectionOf(type)} }`;
}

function variablesOf({ args }: GraphQLField<unknown, unknown>): string {
  return args.length === 0 ? '' : `(${args.map(({ name, type }) => `$${name}: ${String(type)}`).join(', ')})`;
}

function argumentsOf({ args }: GraphQLField<unknown, unknown>): string {
  return args.length === 0 ? '' : `(${args.map(({ name }) => `${name}: $${name}`).join(', ')})`;
}

/** All fields of a type. Types of answers are finite: a model could not end others. */
function selectionOf(type: GraphQLOutputType, depth = 0): string {
  const named = getNamedType(type);
  if (!isObjectType(named) || depth > MAX_DEPTH) return '';
  const fields = Object.values(named.getFields()).filter(({ args }) => !args.some(isRequiredArgument));
  return ` { ${fields.map((field) => `${field.name}${selectionOf(field.type, depth + 1)}`).join(' ')} }`;
}
