import {
  type ConstDirectiveNode,
  type FieldDefinitionNode,
  Kind,
  type TypeDefinitionNode,
  type TypeExtensionNode,
} from 'graphql';
import { runSteps, type Steps } from '../../kernel/steps.ts';
import type { FederationModel, Source } from '../../sources/source.ts';
import { parseDefinitions } from '../build-schema-definitions.ts';
import {
  type FieldInSubgraph,
  parseFieldSet,
  type Supergraph,
  type SupergraphField,
  type SupergraphType,
} from './supergraph.ts';

/**
 * The supergraph with what subgraphs themselves say of their fields: the composer does not tell of every field that it
 * is external or requires others where all subgraphs have it.
 */
export function withDeclaredFields(supergraph: Supergraph, sources: readonly Source[]): Supergraph {
  const declared = new Map<string, Map<string, Partial<FieldInSubgraph>>>();
  for (const { name, model } of sources) {
    if (model.federation === undefined) continue;
    for (const [coordinate, entry] of runSteps(declaredFieldSteps(model.federation))) {
      const bySource = declared.get(coordinate) ?? new Map<string, Partial<FieldInSubgraph>>();
      declared.set(coordinate, bySource.set(name, entry));
    }
  }
  const types = new Map<string, SupergraphType>();
  for (const type of supergraph.types.values()) {
    const fields = new Map<string, SupergraphField>();
    for (const field of type.fields.values())
      fields.set(field.name, withDeclared(field, declared.get(`${type.name}.${field.name}`)));
    types.set(type.name, { ...type, fields });
  }
  return { ...supergraph, types };
}

function withDeclared(
  field: SupergraphField,
  declared: ReadonlyMap<string, Partial<FieldInSubgraph>> | undefined,
): SupergraphField {
  if (declared === undefined) return field;
  const subgraphs = new Map(
    [...field.subgraphs].map(([source, entry]) => {
      const own = declared.get(source);
      if (own === undefined) return [source, entry];
      return [source, { ...entry, external: own.external ?? entry.external, requires: entry.requires ?? own.requires }];
    }),
  );
  return { ...field, subgraphs };
}

type DeclaredFields = ReadonlyMap<string, Partial<FieldInSubgraph>>;

/** A model never changes, and its text may be long: it is read once, and in steps before the first request wants it. */
const known = new WeakMap<FederationModel, DeclaredFields>();

export function* declaredFieldSteps(model: FederationModel): Steps<DeclaredFields> {
  const read = known.get(model);
  if (read !== undefined) return read;
  const found = new Map<string, Partial<FieldInSubgraph>>();
  const definitions = yield* parseDefinitions(model.sdl);
  const isV2 = definitions.some(({ kind }) => kind === Kind.SCHEMA_EXTENSION || kind === Kind.SCHEMA_DEFINITION);
  for (const definition of definitions as readonly (TypeDefinitionNode | TypeExtensionNode)[]) {
    yield;
    if (!('fields' in definition) || definition.name === undefined) continue;
    const isExternal = has(definition, 'external');
    const isExtension = definition.kind.endsWith('Extension') || has(definition, 'extends');
    const keys = keyFieldsOf(definition);
    for (const field of (definition.fields ?? []) as readonly FieldDefinitionNode[]) {
      const isSaidExternal = isExternal || has(field, 'external');
      // The key of an extended type is external in Federation 1, and the subgraph has it all the same.
      const isOwnKey = keys.has(field.name.value) && (isExtension || !isV2);
      const requires = argumentOf(field, 'requires');
      if (!isSaidExternal && requires === undefined) continue;
      found.set(`${definition.name.value}.${field.name.value}`, {
        ...(isSaidExternal ? { external: !isOwnKey } : {}),
        requires: requires === undefined ? undefined : parseFieldSet(requires),
      });
    }
  }
  known.set(model, found);
  return found;
}

type WithDirectives = { readonly directives?: readonly ConstDirectiveNode[] | undefined };

function has({ directives }: WithDirectives, name: string): boolean {
  return directives?.some((directive) => directive.name.value === name) ?? false;
}

function argumentOf({ directives }: WithDirectives, name: string): string | undefined {
  const value = directives?.find((directive) => directive.name.value === name)?.arguments?.[0]?.value;
  return value?.kind === Kind.STRING ? value.value : undefined;
}

function keyFieldsOf({ directives }: WithDirectives): ReadonlySet<string> {
  const fields = new Set<string>();
  for (const directive of directives ?? []) {
    const fieldSet = directive.name.value === 'key' ? argumentOf({ directives: [directive] }, 'key') : undefined;
    for (const node of fieldSet === undefined ? [] : parseFieldSet(fieldSet).selections)
      if (node.kind === Kind.FIELD) fields.add(node.name.value);
  }
  return fields;
}
