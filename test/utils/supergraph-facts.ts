import {
  buildASTSchema,
  type DirectiveNode,
  Kind,
  lexicographicSortSchema,
  parse,
  print,
  printSchema,
  type TypeDefinitionNode,
  visit,
} from 'graphql';

/**
 * What a supergraph says, in an order of its own: lines that are equal for two files that mean the same. Without the
 * addresses of subgraphs, and without directives that are no part of federation.
 */
export function supergraphFacts(supergraphSdl: string): readonly string[] {
  const facts: string[] = [];
  for (const node of parse(supergraphSdl, { noLocation: true }).definitions) {
    if (!('name' in node) || node.name === undefined || node.kind === Kind.DIRECTIVE_DEFINITION) continue;
    const type = node as TypeDefinitionNode;
    const { value: name } = type.name;
    if (/^(join|link|core|context|policy|requiresScopes)__/.test(name)) continue;
    facts.push(`${type.kind} ${name} ${directives(type.directives)}`);
    if ('interfaces' in type) for (const each of type.interfaces ?? []) facts.push(`${name} & ${each.name.value}`);
    if (type.kind === Kind.UNION_TYPE_DEFINITION)
      for (const each of type.types ?? []) facts.push(`${name} | ${each.name.value}`);
    const members = 'fields' in type ? type.fields : 'values' in type ? type.values : undefined;
    for (const member of members ?? []) {
      const shape = 'type' in member ? print(member.type) : '';
      const args = 'arguments' in member ? (member.arguments ?? []) : [];
      facts.push(`${name}.${member.name.value}: ${shape} ${directives(member.directives)}`);
      for (const each of args) {
        const value = each.defaultValue === undefined ? '' : ` = ${print(each.defaultValue)}`;
        facts.push(
          `${name}.${member.name.value}(${each.name.value}: ${print(each.type)}${value}) ${directives(each.directives)}`,
        );
      }
    }
  }
  return facts.sort();
}

function directives(nodes: readonly DirectiveNode[] | undefined): string {
  return (nodes ?? [])
    .filter(({ name }) => name.value !== 'owner' && name.value !== 'context')
    .map((node) => {
      const values = [...(node.arguments ?? [])].sort((a, b) => a.name.value.localeCompare(b.name.value));
      return `@${node.name.value}(${values.map((value) => print(value)).join(', ')})`;
    })
    .sort()
    .join(' ');
}

/** A schema as clients see it, in one order, with the directives that they may use. */
export function sortedSdl(publicSdl: string): string {
  const document = visit(parse(publicSdl, { noLocation: true }), {
    DirectiveDefinition: (node) => (node.locations.some(({ value }) => value === 'FIELD') ? undefined : null),
    Directive: ({ name }) => (name.value === 'owner' ? null : undefined),
  });
  return printSchema(lexicographicSortSchema(buildASTSchema(document)));
}
