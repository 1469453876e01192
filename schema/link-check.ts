import {
  coerceInputValue,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLOutputType,
  getNamedType,
  getNullableType,
  isLeafType,
  isListType,
  isObjectType,
  isScalarType,
  type SelectionSetNode,
} from 'graphql';
import type { Problem } from '../kernel/problem.ts';
import { didYouMean } from '../kernel/suggest.ts';
import { exposeArguments, isOptionalArgument, type LinkArgument, parseLinkArgument } from './link-arguments.ts';
import { mergeReads } from './link-chains.ts';
import { leafFits, otherTypeFor, sourcesOf } from './link-fit.ts';
import type { IsMissing, Link } from './links.ts';
import type { LinkOptions } from './options.ts';
import type { Ownership } from './ownership.ts';

/** Sources that are there only if something is declared for them. */
const BUILT_IN: Readonly<Record<string, string>> = {
  ai: 'It is there when a model is: declare `providers` and `models`.',
  prompts: 'It is there when a prompt is: declare one under `prompts`.',
};

/** Kinds whose operations can be made queries. */
const WITH_OPERATIONS: ReadonlySet<string> = new Set(['openapi', 'grpc', 'soap']);

/** What a link is checked against. */
export interface LinkScope {
  readonly ownership: Ownership;
  /** All links of the configuration, by coordinate. */
  readonly links: Readonly<Record<string, LinkOptions>>;
  readonly isMissing: IsMissing;
  readonly report: (problem: Problem) => void;
  /** It does not add a field: it is how objects of a merged type are asked for by their key. */
  readonly isMerge?: boolean;
}

/** The link, if it fits the graph; otherwise every mistake in it is reported. */
export function checkLink(coordinate: string, options: LinkOptions, scope: LinkScope): Link | undefined {
  return new LinkCheck(coordinate, options, scope).compile();
}

/** One link on its way from configuration to `Link`; collects its own mistakes. */
class LinkCheck {
  private failed = false;
  private readonly coordinate: string;
  private readonly options: LinkOptions;
  private readonly ownership: Ownership;
  private readonly links: Readonly<Record<string, LinkOptions>>;
  private readonly isMissing: IsMissing;
  private readonly report: (problem: Problem) => void;
  private readonly isMerge: boolean;

  constructor(coordinate: string, options: LinkOptions, scope: LinkScope) {
    this.coordinate = coordinate;
    this.options = options;
    this.ownership = scope.ownership;
    this.links = scope.links;
    this.isMissing = scope.isMissing;
    this.report = scope.isMissing(options.call.split('.')[0]) ? () => {} : scope.report;
    this.isMerge = scope.isMerge ?? false;
  }

  compile(): Link | undefined {
    const [typeName, fieldName] = this.coordinate.split('.') as [string, string];
    const [target, callName] = this.options.call.split('.') as [string, string];
    // A source that is down takes its links with it; that is told once, where the source is. Of one that is there in
    // part, as a group of versions may be, whatever does not fit may be in the other part.
    if (this.isMissing(target) && this.ownership.fieldIn(target, 'Query', callName) === undefined) return undefined;
    if (!this.isMerge) this.checkParent(typeName, fieldName);
    const call = this.findCall(target, callName);
    if (call === undefined) return undefined;

    const args = this.readArguments(call.field, typeName);
    const exposed = this.readExposed(call.field);
    const batches = [...args].flatMap(([argument, value]) =>
      value.from === 'parents' ? [{ argument, field: value.field }] : [],
    );
    if (batches.length > 1) this.problem(['args'], 'reads $parents in more than one argument; one can be batched');
    const batch = batches[0];
    const hasOwnValues = [...args.values()].some(({ from }) => from === 'parent' || from === 'graph');
    if (!this.failed && batch !== undefined && hasOwnValues)
      this.problem(['args'], 'reads $parents for one call, and $parent for each object.', 'Read all of it by $parent.');
    const takesOne = call.field.args.some(
      ({ name, type }) => name === batch?.argument && !isListType(getNullableType(type)),
    );
    // What the answer must be is up to the argument, which is told to be wrong.
    if (takesOne) return undefined;
    const type = this.resultType(call.field.type, batch !== undefined);
    // A link that it reads knows the parent, or is told to be wrong itself.
    const knows = (value: LinkArgument) =>
      value.from === 'parent' ||
      value.from === 'parents' ||
      (value.from === 'graph' && this.links[`${typeName}.${value.field}`] !== undefined);
    if (!this.failed && ![...args.values()].some(knows)) {
      this.problem(
        ['args'],
        'reads no plain field of its parent.',
        'Set an argument to $parent.field: it is how the target knows the parent.',
      );
    }
    if (this.failed || type === undefined) return undefined;

    const key = new Set<string>();
    const requires = new Map<string, SelectionSetNode | undefined>();
    for (const value of args.values()) {
      if (value.from === 'parent' || value.from === 'parents') key.add(value.field);
      if (value.from !== 'graph') continue;
      const { field, selection } = value;
      const known = requires.get(field);
      requires.set(field, known && selection ? mergeReads(known, selection) : selection);
    }
    return {
      typeName,
      fieldName,
      target,
      call: call.coordinate,
      description: this.options.description ?? call.field.description ?? undefined,
      arguments: args,
      exposed,
      batch,
      items: this.options.items?.split('.') ?? [],
      match: this.options.match,
      pick: this.options.pick,
      many: this.options.many,
      answer: this.answerNames(target, call.field.type),
      type,
      key: [...key],
      requires,
      nested: new Map(),
    };
  }

  private problem(path: readonly string[], what: string, suggestion?: string): undefined {
    this.failed = true;
    this.report({
      path: ['links', this.coordinate, ...path],
      message: `Link "${this.coordinate}"${what.startsWith(':') ? '' : ' '}${what}`,
      ...(suggestion === undefined ? {} : { suggestion }),
    });
    return undefined;
  }

  private checkParent(typeName: string, fieldName: string): void {
    const parent = this.ownership.objectType(typeName);
    if (parent === undefined && this.isMissing(undefined)) {
      // The type may well be of the source that is not there.
      this.failed = true;
    } else if (parent === undefined) {
      const names = [...this.ownership.types.keys()].filter((name) => this.ownership.objectType(name) !== undefined);
      this.problem([], `adds to type "${typeName}", which no source has.${didYouMean(typeName, names)}`);
    } else if (parent.getFields()[fieldName] !== undefined) {
      const owners = sourcesOf(typeName, fieldName, this.ownership).map((name) => `"${name}"`);
      const have =
        owners.length === 1 ? `source ${owners[0]} already has` : `sources ${owners.join(', ')} already have`;
      this.problem([], `adds a field that ${have}.`, 'Give the link another field name.');
    }
  }

  private findCall(target: string, callName: string) {
    const owned = this.ownership.sources.get(target);
    if (owned === undefined) {
      return this.problem(
        ['call'],
        `calls source "${target}", which does not exist.${didYouMean(target, this.ownership.sources.keys())}`,
        BUILT_IN[target],
      );
    }
    // Prompts are mutations, but have no effect beyond their answer: they may resolve a field.
    const roots = owned.source.kind === 'prompt' ? ['Query', 'Mutation'] : ['Query'];
    const names: string[] = [];
    for (const root of roots) {
      const type = owned.schema.getType(root);
      const fields = isObjectType(type) ? type.getFields() : {};
      const field = fields[callName];
      if (field !== undefined) return { field, coordinate: `${root}.${callName}` };
      names.push(...Object.keys(fields));
    }
    const mutation = owned.source.model.calls.get(`Mutation.${callName}`);
    if (mutation !== undefined) {
      const way = `sources.${target}.operations: { ${JSON.stringify(mutation.operation)}: { as: query } }`;
      return this.problem(
        ['call'],
        `calls "${callName}", which is a mutation of source "${target}": links call queries.`,
        WITH_OPERATIONS.has(owned.source.kind) ? `If it changes nothing, make it a query: ${way}` : undefined,
      );
    }
    return this.problem(
      ['call'],
      `calls "${callName}", which source "${target}" does not have as a query.${didYouMean(callName, names)}`,
    );
  }

  private readArguments(field: GraphQLField<unknown, unknown>, typeName: string): Map<string, LinkArgument> {
    const args = new Map<string, LinkArgument>();
    for (const [name, value] of Object.entries(this.options.args)) {
      const path = ['args', name];
      const argument = field.args.find((candidate) => candidate.name === name);
      if (argument === undefined) {
        const names = field.args.map((known) => known.name);
        const guess = didYouMean(name, names);
        const known = names.length === 0 ? 'It takes no arguments.' : `It takes: ${names.join(', ')}.`;
        const what = `sets argument "${name}", which "${field.name}" does not have.${guess}`;
        this.problem(path, what, guess === '' ? known : undefined);
        continue;
      }
      const parsed = this.readReference(parseLinkArgument(value), typeName);
      if (typeof parsed === 'string') {
        this.problem(path, `: argument "${name}" ${parsed}.`);
        continue;
      }
      if (parsed.from === 'constant') this.checkConstant(argument, parsed.value);
      else if (parsed.from === 'graph') this.checkGraphField(name, typeName, parsed.field);
      else this.checkParentField(argument, typeName, parsed.field);
      if (parsed.from === 'parents' && !isListType(getNullableType(argument.type))) {
        this.problem(
          path,
          `: argument "${name}" takes one value, $parents gives a list.`,
          `Write $parent.${parsed.field}.`,
        );
      }
      args.set(name, parsed);
    }
    return args;
  }

  /** A plain field that another link adds is not in the parent, either. */
  private readReference(parsed: LinkArgument | string, typeName: string): LinkArgument | string {
    if (typeof parsed === 'string' || (parsed.from !== 'parent' && parsed.from !== 'parents')) return parsed;
    const { field, from } = parsed;
    const isOwn = this.ownership.field(typeName, field) !== undefined;
    if (isOwn || this.links[`${typeName}.${field}`] === undefined) return parsed;
    if (from === 'parent') return { from: 'graph', field, selection: undefined };
    return `reads "${field}", which a link adds, of all parents: write $parent.${field}`;
  }

  private readExposed(field: GraphQLField<unknown, unknown>): readonly GraphQLArgument[] {
    const { args, expose } = this.options;
    if (expose === undefined && !this.isMerge) return field.args.filter(({ name }) => !Object.hasOwn(args, name));
    const isSettled = !this.failed;
    const { exposed, mistakes, needed } = exposeArguments(field, Object.keys(args), expose ?? []);
    for (const { message, suggestion } of mistakes) this.problem(['expose'], message, suggestion);
    // An argument that is missing may be the one whose name is wrong, which is told already.
    for (const name of isSettled ? needed : []) {
      const what = `does not set argument "${name}", which "${field.name}" needs.`;
      this.problem(['args'], what, this.isMerge ? 'Set it in `args`.' : 'Set it in `args`, or name it in `expose`.');
    }
    return exposed;
  }

  private checkConstant(argument: GraphQLArgument, value: unknown): void {
    coerceInputValue(value, argument.type, (_path, _value, error) => {
      this.problem(['args', argument.name], `: argument "${argument.name}": ${error.message}`);
    });
  }

  private checkParentField(argument: GraphQLArgument, typeName: string, fieldName: string): void {
    const parent = this.ownership.objectType(typeName);
    if (parent === undefined) return;
    const field = parent.getFields()[fieldName];
    if (field === undefined) {
      const linked = Object.keys(this.links).flatMap((name) =>
        name.startsWith(`${typeName}.`) && name !== this.coordinate ? [name.slice(typeName.length + 1)] : [],
      );
      const guess = didYouMean(fieldName, [...Object.keys(parent.getFields()), ...linked]);
      this.problem(
        ['args', argument.name],
        `reads field "${fieldName}" of "${typeName}", which its source does not have.${guess}`,
      );
    } else if (!isScalarType(getNullableType(field.type)) || field.args.some((a) => !isOptionalArgument(a))) {
      this.problem(
        ['args', argument.name],
        `reads field "${fieldName}" of "${typeName}", which is not a plain scalar.`,
      );
    } else if (!leafFits(field.type, argument.type)) {
      this.problem(
        ['args', argument.name],
        `: argument "${argument.name}" takes ${String(argument.type)}, "${fieldName}" of "${typeName}" is ${String(field.type)}.`,
        otherTypeFor(typeName, field, argument.type, this.ownership),
      );
    }
  }

  private checkGraphField(argument: string, typeName: string, fieldName: string): void {
    if (this.links[`${typeName}.${fieldName}`] !== undefined) return;
    const path = ['args', argument];
    const what = `reads "${fieldName} { … }" of "${typeName}"`;
    const parent = this.ownership.objectType(typeName);
    const field = parent?.getFields()[fieldName];
    if (parent === undefined) return;
    if (field === undefined) {
      const names = Object.keys(parent.getFields());
      this.problem(path, `${what}, which neither its source has nor a link adds.${didYouMean(fieldName, names)}`);
    } else if (isLeafType(getNamedType(field.type))) {
      this.problem(path, `${what}, which has no fields.`, `Write $parent.${fieldName}.`);
    } else if (field.args.some((each) => !isOptionalArgument(each))) {
      this.problem(path, `${what}, which needs arguments.`);
    } else if (sourcesOf(typeName, fieldName, this.ownership).some((name) => this.isShared(name, typeName))) {
      const way = 'Read a field that a link adds, or a plain field as $parent.field.';
      this.problem(path, `${what}, whose fields come from several sources.`, way);
    }
  }

  /** Whether others have a part of the type as well: then not all of it stands in its objects. */
  private isShared(source: string, typeName: string): boolean {
    if (this.ownership.federated.has(source)) return true;
    return [...this.ownership.sources.keys()].some((name) => name !== source && this.ownership.has(name, typeName));
  }

  /** The type of the new field: what the call answers, less the way to the item. */
  private resultType(type: GraphQLOutputType, batched: boolean): string | undefined {
    let current = type;
    for (const step of this.options.items?.split('.') ?? []) {
      const next = this.step(['items'], current, step);
      if (next === undefined) return undefined;
      current = next;
    }
    if (batched) {
      const list = getNullableType(current);
      if (!isListType(list)) {
        return this.problem(
          ['items'],
          'reads $parents, but the answer is not a list.',
          'Say with `items` where in the answer the list is.',
        );
      }
      current = list.ofType;
      if (this.options.match !== undefined) this.checkMatch(current, this.options.match);
    } else if (this.options.match !== undefined || this.options.many) {
      return this.problem(['match'], 'has `match` or `many`, which need an argument that reads $parents.');
    }
    if (this.options.many && this.options.match === undefined)
      return this.problem(['many'], 'has `many`, which needs `match`.');
    if (this.options.pick !== undefined) {
      const picked = this.step(['pick'], current, this.options.pick);
      if (picked === undefined) return undefined;
      current = picked;
    }
    const nullable = getNullableType(current);
    // Other sources fail on their own: a link is nullable, so that a failure takes no more than its own field.
    return this.options.many ? `[${nullable}!]` : String(nullable);
  }

  private step(path: readonly string[], type: GraphQLOutputType, name: string): GraphQLOutputType | undefined {
    const named = getNullableType(type);
    const field = isObjectType(named) ? named.getFields()[name] : undefined;
    if (field !== undefined) return field.type;
    const names = isObjectType(named) ? Object.keys(named.getFields()) : [];
    return this.problem(
      path,
      `looks for "${name}" in ${String(type)}, which has no such field.${didYouMean(name, names)}`,
    );
  }

  /** Configuration and graph speak of GraphQL names; the answer is read under the source's own. */
  private answerNames(target: string, type: GraphQLOutputType): Link['answer'] {
    const properties = this.ownership.sources.get(target)?.source.model.properties;
    let current: GraphQLOutputType | undefined = type;
    const read = (name: string): { property: string; type: GraphQLOutputType | undefined } => {
      const named = current === undefined ? undefined : getNamedType(current);
      const field = isObjectType(named) ? named.getFields()[name] : undefined;
      return { property: properties?.get(`${named?.name}.${name}`) ?? name, type: field?.type };
    };
    const items: string[] = [];
    for (const step of this.options.items?.split('.') ?? []) {
      const { property, type: next } = read(step);
      items.push(property);
      current = next;
    }
    const { match, pick } = this.options;
    return {
      items,
      match: match === undefined ? undefined : read(match).property,
      pick: pick === undefined ? undefined : read(pick).property,
    };
  }

  private checkMatch(type: GraphQLOutputType, match: string): void {
    const field = this.step(['match'], type, match);
    if (field !== undefined && !isLeafType(getNullableType(field))) {
      this.problem(['match'], `matches "${match}", which is not a plain field.`);
    }
  }
}
