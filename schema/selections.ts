import { hash } from 'node:crypto';
import {
  type FieldNode,
  type GraphQLCompositeType,
  type GraphQLResolveInfo,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isObjectType,
  Kind,
  print,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { Selected, SelectionShape } from '../sources/source.ts';
import type { Link } from './links.ts';

const responseKeys = new WeakMap<FieldNode, string>();

/**
 * Where a source that passes selections on keeps a field: under its name, or, with arguments, under a name made of them.
 * Not under the client's alias: places that the client keeps apart by aliases further up are one place for the source.
 */
export function responseKeyOf(node: FieldNode): string {
  if (node.arguments === undefined || node.arguments.length === 0) return node.name.value;
  let key = responseKeys.get(node);
  if (key === undefined) {
    const text = node.arguments
      .map((argument) => print(argument))
      .sort()
      .join();
    key = `skein_${node.name.value}_${hash('sha1', text).slice(0, 12)}`;
    responseKeys.set(node, key);
  }
  return key;
}

/** Where in the answer of a link's call the selected type stands. */
export interface SelectionWrap {
  readonly items: readonly string[];
  readonly match: string | undefined;
  readonly pick: string | undefined;
}

/** Finds the link that resolves a field, if one does. */
export type LinkLookup = (typeName: string, fieldName: string) => Link | undefined;

/**
 * Makes a function that tells what is selected below a field, written for the upstream: fields that links add are left
 * out, what those links read is put in. Written once per place in a document.
 */
export function createSelector(linkOf: LinkLookup, wrap?: SelectionWrap): (info: GraphQLResolveInfo) => Selected {
  const shapes = new WeakMap<FieldNode, { nodes: readonly FieldNode[]; shape: SelectionShape }[]>();
  return (info) => {
    const nodes = info.fieldNodes;
    const first = nodes[0] as FieldNode;
    let known = shapes.get(first);
    if (known === undefined) {
      known = [];
      shapes.set(first, known);
    }
    // A field of a fragment may be merged with others here and stand alone there: the nodes tell the places apart.
    let entry = known.find((k) => k.nodes.length === nodes.length && k.nodes.every((node, i) => node === nodes[i]));
    if (entry === undefined) {
      entry = { nodes, shape: writeShape(info, linkOf, wrap) };
      known.push(entry);
    }
    return { shape: entry.shape, values: info.variableValues };
  };
}

function writeShape(info: GraphQLResolveInfo, linkOf: LinkLookup, wrap: SelectionWrap | undefined): SelectionShape {
  const type = getNamedType(info.returnType);
  const used = new Set<string>();
  let text = '';
  if (isCompositeType(type)) {
    const parts = info.fieldNodes.flatMap((node) =>
      node.selectionSet === undefined ? [] : writeSelections(type, node.selectionSet, { info, linkOf, used }),
    );
    text = braces(parts);
  }
  if (wrap !== undefined) {
    if (wrap.pick !== undefined) text = `{ ${wrap.pick} ${text} }`;
    if (wrap.match !== undefined) text = text === '' ? `{ ${wrap.match} }` : `{ ${wrap.match} ${text.slice(1, -1)} }`;
    for (const step of [...wrap.items].reverse()) text = `{ ${step} ${text} }`;
  }
  const variables = new Map<string, string>();
  for (const definition of info.operation.variableDefinitions ?? []) {
    if (used.has(definition.variable.name.value)) {
      // A default may be what lets a nullable variable stand where null is not taken.
      const preset = definition.defaultValue === undefined ? '' : ` = ${print(definition.defaultValue)}`;
      variables.set(definition.variable.name.value, print(definition.type) + preset);
    }
  }
  return { text, variables };
}

interface Writing {
  readonly info: GraphQLResolveInfo;
  readonly linkOf: LinkLookup;
  readonly used: Set<string>;
}

/** Field texts, each once; the typename stands in for an empty selection. */
function braces(parts: readonly string[]): string {
  const unique = [...new Set(parts)];
  return `{ ${unique.length === 0 ? '__typename' : unique.join(' ')} }`;
}

function writeSelections(type: GraphQLCompositeType, selectionSet: SelectionSetNode, writing: Writing): string[] {
  const parts: string[] = isAbstractType(type) ? ['__typename'] : [];
  for (const node of selectionSet.selections) {
    if (node.kind === Kind.FIELD) {
      parts.push(...writeField(type, node, writing));
      continue;
    }
    const fragment = node.kind === Kind.INLINE_FRAGMENT ? node : writing.info.fragments[node.name.value];
    if (fragment === undefined) continue;
    const condition = fragment.typeCondition?.name.value;
    const inner = condition === undefined ? type : writing.info.schema.getType(condition);
    if (!isCompositeType(inner)) continue;
    const on = condition === undefined ? '' : ` on ${condition}`;
    parts.push(
      `...${on} ${directivesOf(node, writing)}${braces(writeSelections(inner, fragment.selectionSet, writing))}`,
    );
  }
  return parts;
}

function writeField(type: GraphQLCompositeType, node: FieldNode, writing: Writing): string[] {
  const name = node.name.value;
  if (name === '__typename') return ['__typename'];
  if (isObjectType(type)) {
    const link = writing.linkOf(type.name, name);
    if (link !== undefined) return [...link.key];
  }
  const field = isObjectType(type) || 'getFields' in type ? type.getFields()[name] : undefined;
  if (field === undefined) return [];
  const named = getNamedType(field.type);
  const inner =
    node.selectionSet !== undefined && isCompositeType(named)
      ? ` ${braces(writeSelections(named, node.selectionSet, writing))}`
      : '';
  const directives = directivesOf(node, writing);
  const key = responseKeyOf(node);
  if (key === name) return [`${name} ${directives}${inner}`.trim()];
  const args = (node.arguments ?? []).map((argument) => textOf(argument, writing)).join(', ');
  return [`${key}: ${name}(${args}) ${directives}${inner}`.trim()];
}

function directivesOf(node: { readonly directives?: FieldNode['directives'] }, writing: Writing): string {
  const directives = (node.directives ?? []).filter(({ name }) => name.value === 'skip' || name.value === 'include');
  return directives.map((directive) => `${textOf(directive, writing)} `).join('');
}

function textOf(node: Parameters<typeof print>[0], writing: Writing): string {
  visit(node, {
    Variable(variable) {
      writing.used.add(variable.name.value);
    },
  });
  return print(node);
}
