import {
  buildASTSchema,
  type DefinitionNode,
  type GraphQLArgument,
  GraphQLError,
  type GraphQLOutputType,
  Kind,
  type NamedTypeNode,
  parse,
  parseType,
  print,
  type TypeDefinitionNode,
  type TypeNode,
  validateSchema,
  visit,
} from 'graphql';
import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { FEEDBACK_TYPES } from './feedback.ts';
import { MEDIA_DEFINITIONS, MEDIA_SCALARS } from './media-values.ts';
import type { PromptOptions } from './options.ts';

const BUILT_IN = ['String', 'Int', 'Float', 'Boolean', 'ID'];
/** Scalars of the graph that a prompt may name without defining them. */
const SHARED_SCALARS = ['JSON', 'Int64'];
const RESERVED = [
  ...['Query', 'Mutation', 'Subscription', 'PromptStreamEvent', 'PromptFinishReason', 'PromptUsage'],
  ...Object.values(FEEDBACK_TYPES),
  ...Object.values(MEDIA_SCALARS),
];

const DEFINABLE: ReadonlySet<string> = new Set([
  Kind.OBJECT_TYPE_DEFINITION,
  Kind.INPUT_OBJECT_TYPE_DEFINITION,
  Kind.ENUM_TYPE_DEFINITION,
  Kind.SCALAR_TYPE_DEFINITION,
]);

/** The types of one prompt, checked. */
export interface PromptTypes {
  readonly args: readonly GraphQLArgument[];
  readonly output: GraphQLOutputType;
  /** Types the prompt defines: name → printed definition. */
  readonly definitions: ReadonlyMap<string, string>;
}

/** Reads `input`, `output` and `types` of a prompt. Tells every mistake; `undefined` if there was one. */
export function readPromptTypes(options: PromptOptions, report: (problem: Problem) => void): PromptTypes | undefined {
  let failed = false;
  const tell = (path: string[], message: string) => {
    failed = true;
    report({ path, message });
  };

  const definitions = parseDefinitions(options.types, (message) => tell(['types'], message));
  if (definitions === undefined) return undefined;
  const media = Object.keys(MEDIA_SCALARS).filter((name) => !definitions.has(name));
  const known = [...definitions.keys(), ...BUILT_IN, ...SHARED_SCALARS, ...media];
  /** Images and files under the names that they have in the graph. */
  const inGraph = <T extends TypeNode | DefinitionNode>(node: T): T =>
    visit(node, {
      NamedType: (type: NamedTypeNode) => {
        const name = media.includes(type.name.value) ? MEDIA_SCALARS[type.name.value] : undefined;
        return name === undefined ? undefined : { ...type, name: { ...type.name, value: name } };
      },
    });

  function checkNames(node: TypeNode | DefinitionNode, path: string[]): void {
    visit(node, {
      NamedType: ({ name: { value } }: NamedTypeNode) => {
        if (!known.includes(value)) tell(path, `There is no type "${value}".${didYouMean(value, known)}`);
      },
    });
  }

  function readType(text: string, path: string[], wrongKind: string, wrongPlace: string): TypeNode | undefined {
    let type: TypeNode;
    try {
      type = parseType(text, { noLocation: true });
    } catch (error) {
      tell(path, `"${text}" is not a GraphQL type: ${describeError(error)}`);
      return undefined;
    }
    checkNames(type, path);
    const name = namedType(type);
    if (definitions?.get(name)?.kind === wrongKind) tell(path, `"${name}" is ${wrongPlace}.`);
    return type;
  }

  for (const definition of definitions.values()) checkNames(definition, ['types']);
  const args: string[] = [];
  for (const [name, input] of Object.entries(options.input)) {
    const { type: text, description } = typeof input === 'string' ? { type: input, description: undefined } : input;
    const path = ['input', name, ...(typeof input === 'string' ? [] : ['type'])];
    if (!/^(?!__)[A-Za-z_][A-Za-z0-9_]*$/.test(name)) tell(path, `"${name}" is not a GraphQL name.`);
    const type = readType(text, path, Kind.OBJECT_TYPE_DEFINITION, 'a type of results; here an input type is needed');
    if (type !== undefined) args.push(`${describe(description)}${name}: ${print(inGraph(type))}`);
  }
  const output = readType(
    options.output,
    ['output'],
    Kind.INPUT_OBJECT_TYPE_DEFINITION,
    'a type of inputs; here a type of results is needed',
  );
  for (const [where, node] of [['output', output] as const, ...outputsIn(definitions)])
    if (node !== undefined && namesOneOf(node, media)) tell([where], 'Images and files can be inputs only.');
  if (failed || output === undefined) return undefined;

  const printed = new Map([...definitions].map(([name, definition]) => [name, print(inGraph(definition))]));
  for (const name of SHARED_SCALARS) {
    const text = [...printed.values(), ...args, print(output)].join('\n');
    if (!printed.has(name) && new RegExp(`\\b${name}\\b`).test(text)) printed.set(name, `scalar ${name}`);
  }
  for (const [name, definition] of MEDIA_DEFINITIONS) {
    if (new RegExp(`\\b${name}\\b`).test([...printed.values(), ...args].join('\n'))) printed.set(name, definition);
  }
  const field = `type Query { field${args.length > 0 ? `(${args.join(', ')})` : ''}: ${print(output)} }`;
  const schema = build([field, ...printed.values()].join('\n'), (message) => tell(['types'], message));
  const root = schema?.getQueryType()?.getFields().field;
  return failed || root === undefined ? undefined : { args: root.args, output: root.type, definitions: printed };
}

/** Types of results among the definitions. */
function outputsIn(definitions: ReadonlyMap<string, TypeDefinitionNode>) {
  const types = [...definitions.values()].filter(({ kind }) => kind === Kind.OBJECT_TYPE_DEFINITION);
  return types.map((definition) => ['types', definition] as const);
}

function namesOneOf(node: TypeNode | DefinitionNode, names: readonly string[]): boolean {
  let found = false;
  visit(node, {
    NamedType: ({ name }: NamedTypeNode) => {
      found ||= names.includes(name.value);
    },
  });
  return found;
}

function describe(description: string | undefined): string {
  return description ? `${print({ kind: Kind.STRING, value: description })} ` : '';
}

/** The definitions of a prompt's `types`, by name; `undefined` if there was a mistake. */
export function parseDefinitions(
  text: string,
  tell: (message: string) => void,
): Map<string, TypeDefinitionNode> | undefined {
  const definitions = new Map<string, TypeDefinitionNode>();
  if (text.trim() === '') return definitions;
  let nodes: readonly DefinitionNode[];
  try {
    nodes = parse(text, { maxTokens: 10_000 }).definitions;
  } catch (error) {
    const line = error instanceof GraphQLError ? error.locations?.[0]?.line : undefined;
    tell(`${line === undefined ? '' : `Line ${line} of the types: `}${describeError(error)}`);
    return undefined;
  }
  let fine = true;
  const refuse = (message: string) => {
    fine = false;
    tell(message);
  };
  for (const node of nodes) {
    if (!DEFINABLE.has(node.kind) || !('name' in node) || node.name === undefined) {
      refuse('The types of a prompt are type, input, enum and scalar definitions only.');
      continue;
    }
    const name = node.name.value;
    if (RESERVED.includes(name) || BUILT_IN.includes(name))
      refuse(`The name "${name}" is taken: call the type otherwise.`);
    else if (definitions.has(name)) refuse(`The type "${name}" is defined twice.`);
    else definitions.set(name, node as TypeDefinitionNode);
  }
  return fine ? definitions : undefined;
}

function build(sdl: string, tell: (message: string) => void) {
  try {
    const schema = buildASTSchema(parse(sdl, { noLocation: true }));
    const errors = validateSchema(schema);
    for (const { message } of errors) tell(message);
    return errors.length === 0 ? schema : undefined;
  } catch (error) {
    tell(describeError(error));
    return undefined;
  }
}

function namedType(type: TypeNode): string {
  return type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);
}
