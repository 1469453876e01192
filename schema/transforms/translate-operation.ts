import {
  type ArgumentNode,
  type ConstValueNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLArgument,
  type GraphQLType,
  getNamedType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
  Kind,
  type OperationDefinitionNode,
  parse,
  parseType,
  print,
  type SelectionSetNode,
  type TypeNode,
  type ValueNode,
  type VariableDefinitionNode,
  valueFromASTUntyped,
  visit,
} from 'graphql';
import { isRootType } from './choose.ts';
import type { InputReader } from './graph-inputs.ts';
import { toLiteral } from './literal.ts';
import { argumentsOf, fieldAt, type Plan } from './plan.ts';
import { readInput } from './read-input.ts';
import { nameNode } from './rewrite-document.ts';
import type { SourceNames } from './source-names.ts';
import { createAnswerReader, TYPE_KEY } from './translate-answer.ts';

type Values = Readonly<Record<string, unknown>>;

/** What a request gives beside its text. */
export interface Given {
  readonly values: Values;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** An operation as the service takes it. */
export interface Translation {
  readonly query: string;
  /** Variables of the graph's operation that stay as they are. */
  readonly kept: readonly string[];
  /** Variables that are made for the service; undefined is not sent. */
  readonly made: readonly { readonly name: string; readonly read: (given: Given) => unknown }[];
  readonly readAnswer: (data: Values) => Record<string, unknown>;
  /** Root fields with response expressions, by their keys. */
  readonly responses: ReadonlyMap<string, string>;
  /** Fields of the graph → of the service, for errors and logs. */
  readonly fields: ReadonlyMap<string, string>;
}

export interface TranslationScope {
  readonly plan: Plan;
  readonly names: SourceNames;
  /** For arguments and fields of input objects, as `createInputReaders` makes them. */
  readonly readers: (coordinate: string, type: GraphQLArgument['type']) => InputReader | undefined;
  readonly readRepresentations: (value: unknown) => unknown;
}

/** Translates an operation in the graph's words. Response keys stay: only names, values and arguments are others. */
export function translateOperation(text: string, scope: TranslationScope): Translation {
  return new Translator(scope).translate(parse(text, { noLocation: true }));
}

class Translator {
  private readonly scope: TranslationScope;
  private readonly made: { name: string; type: string; preset?: ConstValueNode; read: (given: Given) => unknown }[] =
    [];
  private readonly responses = new Map<string, string>();
  private readonly fields = new Map<string, string>();
  private defaults: Record<string, unknown> = {};

  constructor(scope: TranslationScope) {
    this.scope = scope;
  }

  translate(document: DocumentNode): Translation {
    const { names, plan } = this.scope;
    const operation = document.definitions.find((node) => node.kind === Kind.OPERATION_DEFINITION);
    if (operation === undefined) throw new Error('no operation');
    const rootType = rootTypeOf(operation);
    const declared = operation.variableDefinitions ?? [];
    for (const { variable, defaultValue } of declared)
      if (defaultValue !== undefined) this.defaults[variable.name.value] = valueFromASTUntyped(defaultValue);
    const bodies = document.definitions.flatMap(
      (node): readonly (OperationDefinitionNode | FragmentDefinitionNode)[] => {
        if (node.kind === Kind.OPERATION_DEFINITION)
          return [{ ...node, variableDefinitions: [], selectionSet: this.set(node.selectionSet, rootType) }];
        if (node.kind !== Kind.FRAGMENT_DEFINITION) return [];
        const typeName = names.type(node.typeCondition.name.value);
        const typeCondition = { ...node.typeCondition, name: nameNode(names.toService(typeName)) };
        return [{ ...node, typeCondition, selectionSet: this.set(node.selectionSet, typeName) }];
      },
    );
    const used = new Set<string>();
    for (const body of bodies) visit(body, { Variable: ({ name }) => void used.add(name.value) });
    const kept = declared.filter(({ variable }) => used.has(variable.name.value));
    const variableDefinitions = [
      ...kept.map((node) => ({ ...node, type: this.typeNode(node.type) })),
      ...this.made.map(
        ({ name, type, preset }): VariableDefinitionNode => ({
          kind: Kind.VARIABLE_DEFINITION,
          variable: { kind: Kind.VARIABLE, name: nameNode(name) },
          type: parseType(type, { noLocation: true }),
          ...(preset === undefined ? {} : { defaultValue: preset }),
        }),
      ),
    ];
    const definitions = bodies.map((node) =>
      node.kind === Kind.OPERATION_DEFINITION ? { ...node, variableDefinitions } : node,
    );
    const translated: DocumentNode = { kind: Kind.DOCUMENT, definitions };
    return {
      query: print(translated),
      kept: kept.map(({ variable }) => variable.name.value),
      made: this.made,
      readAnswer: createAnswerReader(translated, rootType, plan, names),
      responses: this.responses,
      fields: this.fields,
    };
  }

  private set(set: SelectionSetNode, typeName: string): SelectionSetNode {
    const { names, plan } = this.scope;
    let hasFragments = false;
    const selections = set.selections.map((node) => {
      if (node.kind === Kind.FIELD) return this.field(node, typeName);
      hasFragments = true;
      if (node.kind === Kind.FRAGMENT_SPREAD) return node;
      const condition = node.typeCondition === undefined ? typeName : names.type(node.typeCondition.name.value);
      const inner = { ...node, selectionSet: this.set(node.selectionSet, condition) };
      return node.typeCondition === undefined
        ? inner
        : { ...inner, typeCondition: { ...node.typeCondition, name: nameNode(names.toService(condition)) } };
    });
    if (!hasFragments || isObjectType(plan.schema.getType(typeName))) return { ...set, selections };
    const told: FieldNode = { kind: Kind.FIELD, alias: nameNode(TYPE_KEY), name: nameNode('__typename') };
    return { ...set, selections: [told, ...selections] };
  }

  private field(node: FieldNode, typeName: string): FieldNode {
    const { names, plan } = this.scope;
    const { value: shown } = node.name;
    if (shown.startsWith('__')) return node;
    if (shown === '_entities' && isRootType(typeName)) return this.entities(node);
    const name = names.field(typeName, shown);
    const coordinate = `${typeName}.${name}`;
    const field = fieldAt(plan.schema, coordinate);
    this.fields.set(shown, name);
    if (plan.responses.has(coordinate)) this.responses.set((node.alias ?? node.name).value, coordinate);
    const alias = node.alias ?? (name === shown ? undefined : node.name);
    const { selectionSet } = node;
    return {
      ...node,
      ...(alias === undefined ? {} : { alias }),
      name: nameNode(name),
      arguments: this.arguments(node.arguments ?? [], coordinate, argumentsOf(field)),
      ...(selectionSet === undefined
        ? {}
        : {
            selectionSet: this.set(
              selectionSet,
              field === undefined ? '' : getNamedType(field.type as GraphQLType).name,
            ),
          }),
    };
  }

  private entities(node: FieldNode): FieldNode {
    const args = (node.arguments ?? []).map((argument) => ({
      ...argument,
      value: this.variable('[_Any!]!', undefined, (given) =>
        this.scope.readRepresentations(this.valueOf(argument.value, given)),
      ),
    }));
    const { selectionSet } = node;
    return { ...node, arguments: args, ...(selectionSet && { selectionSet: this.set(selectionSet, '_Entity') }) };
  }

  private arguments(
    given: readonly ArgumentNode[],
    coordinate: string,
    known: readonly GraphQLArgument[],
  ): readonly ArgumentNode[] {
    const { plan, names } = this.scope;
    if (plan.requests.has(coordinate)) return this.requested(given, coordinate, known);
    const constants = plan.constants.get(coordinate) ?? {};
    const bySource = new Map(given.map((node) => [names.argument(coordinate, node.name.value), node]));
    const sent: ArgumentNode[] = [];
    for (const argument of known) {
      const { name } = argument;
      const node = bySource.get(name);
      const place = `${coordinate}(${name})`;
      const preset = plan.hidden.has(place) ? undefined : this.preset(coordinate, argument);
      const value =
        node === undefined
          ? Object.hasOwn(constants, name)
            ? toLiteral(constants[name], argument.type)
            : preset
          : this.value(node.value, argument, place, preset);
      if (value !== undefined) sent.push({ kind: Kind.ARGUMENT, name: nameNode(name), value });
    }
    return sent;
  }

  /** The configured default, in the source's words. */
  private preset(coordinate: string, { name, type }: GraphQLArgument): ConstValueNode | undefined {
    const value = this.scope.plan.choices.fields.get(coordinate)?.transform.arguments[name]?.default;
    return value === undefined ? undefined : toLiteral(value, type);
  }

  private value(
    node: ValueNode,
    { type, defaultValue }: GraphQLArgument,
    place: string,
    preset: ConstValueNode | undefined,
  ): ValueNode {
    const { plan, readers } = this.scope;
    const read = readers(place, type);
    const isVariable = node.kind === Kind.VARIABLE;
    if (read === undefined && !(isVariable && (preset !== undefined || plan.types.has(place)))) return node;
    const mayBeLeft = defaultValue !== undefined || preset !== undefined;
    const text = String(defaultValue !== undefined && isNonNullType(type) ? type.ofType : type);
    return this.variable(text, preset, (given) => {
      const value = this.valueOf(node, given);
      if (value === undefined || (value === null && mayBeLeft && isNonNullType(type))) return undefined;
      return read === undefined || value === null ? value : read(value);
    });
  }

  /** What a request expression makes of all arguments. */
  private requested(
    given: readonly ArgumentNode[],
    coordinate: string,
    known: readonly GraphQLArgument[],
  ): readonly ArgumentNode[] {
    const { plan, names } = this.scope;
    const bySource = new Map(given.map((node) => [names.argument(coordinate, node.name.value), node.value]));
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const runs = new WeakMap<Given, Record<string, unknown>>();
    const run = (request: Given): Record<string, unknown> => {
      let made = runs.get(request);
      if (made !== undefined) return made;
      const args: Record<string, unknown> = {};
      for (const { name } of known) {
        const node = bySource.get(name) ?? plan.defaults.get(`${coordinate}(${name})`);
        const value = node === undefined ? undefined : this.valueOf(node, request);
        if (value !== undefined) args[plan.names.argument(typeName, fieldName, name)] = value;
      }
      const result = plan.requests.get(coordinate)?.({ args, headers: request.headers });
      made = { ...plan.constants.get(coordinate), ...(typeof result === 'object' ? result : {}) };
      runs.set(request, made);
      return made;
    };
    return known.map((argument) => {
      const { name, type } = argument;
      const text = String(isNonNullType(type) && !isRequiredArgument(argument) ? type.ofType : type);
      const value = this.variable(text, undefined, (request) => {
        const own = run(request)[name];
        if (own !== undefined && own !== null) return readInput(type, own, name);
        if (isRequiredArgument(argument)) throw new Error(`It makes no "${name}", which must be given.`);
        return undefined;
      });
      return { kind: Kind.ARGUMENT, name: nameNode(name), value };
    });
  }

  private variable(type: string, preset: ConstValueNode | undefined, read: (given: Given) => unknown): ValueNode {
    const name = `skein_${this.made.length}`;
    this.made.push({ name, type, ...(preset === undefined ? {} : { preset }), read });
    return { kind: Kind.VARIABLE, name: nameNode(name) };
  }

  private valueOf(node: ValueNode, { values }: Given): unknown {
    return valueFromASTUntyped(node, { ...this.defaults, ...values });
  }

  private typeNode(node: TypeNode): TypeNode {
    if (node.kind === Kind.NAMED_TYPE) return { ...node, name: nameNode(this.scope.names.type(node.name.value)) };
    return { ...node, type: this.typeNode(node.type) } as TypeNode;
  }
}

function rootTypeOf({ operation }: OperationDefinitionNode): string {
  return operation === 'query' ? 'Query' : operation === 'mutation' ? 'Mutation' : 'Subscription';
}
