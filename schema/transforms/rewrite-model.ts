import { isAbstractType, isEnumType, isInterfaceType, isObjectType } from 'graphql';
import { SkeinError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import type { Steps } from '../../kernel/steps.ts';
import type { Source, SourceCall, SourceLink, SourceModel, TypeResolver } from '../../sources/source.ts';
import { isRootType } from './choose.ts';
import { createInputReaders } from './graph-inputs.ts';
import { argumentsOf, fieldAt, type Plan } from './plan.ts';
import { wrapCall } from './wrap-call.ts';

/** All maps of the model in the graph's names. */
export function* rewriteModel(
  source: Source,
  sdl: string,
  federationSdl: string | undefined,
  plan: Plan,
): Steps<SourceModel> {
  const { model } = source;
  const notices: Problem[] = [...(model.notices ?? [])];
  const properties = yield* rewriteProperties(model, plan);
  yield;
  const typeOf = rewriteTypeOf(source, plan);
  const enumValues = rewriteEnums(model, plan);
  yield;
  const links = yield* rewriteLinks(model, plan, notices);
  const values = yield* rewriteValues(source, plan);
  const upstreamNames = takesSelections(source) ? yield* rewriteUpstreamNames(model, plan) : model.upstreamNames;
  return {
    sdl,
    calls: yield* rewriteCalls(source, plan),
    ...(properties.size === 0 ? {} : { properties }),
    ...(enumValues.size === 0 ? {} : { enumValues }),
    ...(typeOf.size === 0 ? {} : { typeOf }),
    ...(links.size === 0 ? {} : { links }),
    ...(values.size === 0 ? {} : { values }),
    ...(upstreamNames === undefined ? {} : { upstreamNames }),
    ...(federationSdl === undefined ? {} : { federation: { sdl: federationSdl } }),
    ...(notices.length === 0 ? {} : { notices }),
  };
}

export function takesSelections({ kind, model }: Source): boolean {
  return (
    kind === 'graphql' || kind === 'federation' || [...model.calls.values()].some(({ usesSelection }) => usesSelection)
  );
}

function rewriteCoordinate(coordinate: string, { names, hidden }: Plan): string | undefined {
  const [typeName = '', fieldName = ''] = coordinate.split('.');
  if (hidden.has(typeName) || hidden.has(coordinate)) return undefined;
  return `${names.type(typeName)}.${names.field(typeName, fieldName)}`;
}

function* rewriteCalls(source: Source, plan: Plan): Steps<ReadonlyMap<string, SourceCall>> {
  const calls = new Map<string, SourceCall>();
  const readers = createInputReaders(plan);
  yield;
  for (const [coordinate, call] of source.model.calls) {
    const shown = rewriteCoordinate(coordinate, plan);
    if (shown !== undefined) calls.set(shown, wrapCall(source.name, coordinate, call, plan, readers));
    yield;
  }
  return calls;
}

function* rewriteProperties(model: SourceModel, plan: Plan): Steps<ReadonlyMap<string, string>> {
  const properties = new Map<string, string>();
  for (const type of Object.values(plan.schema.getTypeMap())) {
    if ((!isObjectType(type) && !isInterfaceType(type)) || isRootType(type.name) || type.name.startsWith('__'))
      continue;
    yield;
    for (const name of Object.keys(type.getFields())) {
      const coordinate = `${type.name}.${name}`;
      const shown = rewriteCoordinate(coordinate, plan);
      const key = model.properties?.get(coordinate) ?? name;
      if (shown !== undefined && key !== plan.names.field(type.name, name)) properties.set(shown, key);
    }
  }
  return properties;
}

function rewriteEnums(model: SourceModel, { schema, names, hidden, choices }: Plan) {
  const enums = new Map<string, Readonly<Record<string, unknown>>>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isEnumType(type) || hidden.has(type.name) || type.name.startsWith('__')) continue;
    const own = model.enumValues?.get(type.name);
    if (own === undefined && Object.keys(choices.types.get(type.name)?.transform.values ?? {}).length === 0) continue;
    const shown = type.getValues().filter(({ name }) => !hidden.has(`${type.name}.${name}`));
    enums.set(
      names.type(type.name),
      Object.fromEntries(shown.map(({ name, value }) => [names.value(type.name, name), value])),
    );
  }
  return enums;
}

function rewriteTypeOf(source: Source, { schema, names, hidden }: Plan): ReadonlyMap<string, TypeResolver> {
  const resolvers = new Map<string, TypeResolver>();
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isAbstractType(type) || hidden.has(type.name)) continue;
    const own = source.model.typeOf?.get(type.name) ?? (takesSelections(source) ? undefined : typenameOf);
    if (own === undefined) continue;
    resolvers.set(names.type(type.name), (value) => {
      const name = own(value);
      return name === undefined || hidden.has(name) ? undefined : names.type(name);
    });
  }
  return resolvers;
}

const typenameOf: TypeResolver = (value) => {
  const name = (value as { readonly __typename?: unknown } | null)?.__typename;
  return typeof name === 'string' ? name : undefined;
};

function* rewriteLinks(model: SourceModel, plan: Plan, notices: Problem[]): Steps<ReadonlyMap<string, SourceLink>> {
  const links = new Map<string, SourceLink>();
  for (const [coordinate, link] of model.links ?? []) {
    yield;
    const [typeName = '', fieldName = ''] = coordinate.split('.');
    const [root = '', callName = ''] = link.call.split('.');
    const call = rewriteCoordinate(link.call, plan);
    const args: Record<string, unknown> = {};
    let isLost = call === undefined || plan.hidden.has(typeName);
    for (const [name, value] of Object.entries(link.args)) {
      // A hidden argument is sent as it is configured.
      if (plan.hidden.has(`${link.call}(${name})`)) continue;
      const parsed = typeof value === 'string' ? /^(\$parents?\.)([A-Za-z_]\w*)(.*)$/s.exec(value) : null;
      const [, head = '', field = '', rest = ''] = parsed ?? [];
      isLost ||= parsed !== null && plan.hidden.has(`${typeName}.${field}`);
      args[plan.names.argument(root, callName, name)] =
        parsed === null ? value : `${head}${plan.names.field(typeName, field)}${rest}`;
    }
    if (isLost || call === undefined) {
      const message = `The link ${coordinate} is left out: transforms hide what it needs.`;
      notices.push({ message });
    } else links.set(`${plan.names.type(typeName)}.${fieldName}`, { ...link, call, args });
  }
  return links;
}

function* rewriteUpstreamNames(model: SourceModel, plan: Plan): Steps<NonNullable<SourceModel['upstreamNames']>> {
  const types = new Map<string, string>();
  const args = new Map<string, string>();
  const { schema, names, hidden } = plan;
  for (const type of Object.values(schema.getTypeMap())) {
    if (hidden.has(type.name) || type.name.startsWith('__')) continue;
    yield;
    const shown = names.type(type.name);
    const upstream = model.upstreamNames?.types.get(type.name) ?? type.name;
    if (shown !== upstream) types.set(shown, upstream);
    if (!isObjectType(type) && !isInterfaceType(type)) continue;
    for (const field of Object.keys(type.getFields())) {
      const coordinate = `${type.name}.${field}`;
      for (const { name } of argumentsOf(fieldAt(schema, coordinate))) {
        const own = model.upstreamNames?.arguments.get(`${coordinate}(${name})`) ?? name;
        const inGraph = names.argument(type.name, field, name);
        if (inGraph !== own) args.set(`${shown}.${names.field(type.name, field)}(${inGraph})`, own);
      }
    }
  }
  return { types, arguments: args };
}

function* rewriteValues(source: Source, plan: Plan): Steps<ReadonlyMap<string, (parent: unknown) => unknown>> {
  const values = new Map<string, (parent: unknown) => unknown>();
  for (const [coordinate, value] of source.model.values ?? []) {
    const shown = rewriteCoordinate(coordinate, plan);
    if (shown !== undefined) values.set(shown, value);
  }
  for (const [coordinate, response] of plan.responses) {
    yield;
    const [typeName = ''] = coordinate.split('.');
    const shown = rewriteCoordinate(coordinate, plan);
    if (shown === undefined || isRootType(typeName)) continue;
    values.set(shown, (parent) => {
      try {
        return response(parent);
      } catch (cause) {
        const message = `The response expression of ${coordinate} does not fit what the source gave.`;
        throw new SkeinError('UPSTREAM_BAD_RESPONSE', message, { details: { source: source.name }, cause });
      }
    });
  }
  return values;
}
