import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  isInterfaceType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  print,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';
import { Unplannable } from './fetch-plan.ts';

const MAX_FIELDS = 20_000;

/**
 * A copy of one operation with its fragments written out, so that every node of it stands in one place only. Told the
 * schema, it writes a field that is selected repeatedly under the same conditions once, with all that is selected below.
 * @throws Unplannable when it would become too large
 */
export function expandFragments(
  document: DocumentNode,
  operation: OperationDefinitionNode,
  schema?: GraphQLSchema,
): DocumentNode {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions)
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  const root = schema?.getRootType(operation.operation) ?? undefined;
  const selectionSet = new Expansion(fragments, schema).expand([operation.selectionSet], root);
  return { kind: Kind.DOCUMENT, definitions: [{ ...operation, selectionSet }] };
}

/** A field, with the selections of all that repeat it; or a fragment that says something of its own. */
type Part =
  | { readonly node: FieldNode; readonly sets: SelectionSetNode[]; readonly parent: GraphQLNamedType | undefined }
  | { readonly condition: string | undefined; readonly directives: readonly DirectiveNode[]; readonly parts: Part[] };

interface Scope {
  readonly type: GraphQLNamedType | undefined;
  /** The fragments around, as text: fields in equal ones are the same field. */
  readonly around: string;
  readonly seen: Map<string, SelectionSetNode[]>;
}

class Expansion {
  private left = MAX_FIELDS;
  private readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  private readonly schema: GraphQLSchema | undefined;

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>, schema: GraphQLSchema | undefined) {
    this.fragments = fragments;
    this.schema = schema;
  }

  expand(sets: readonly SelectionSetNode[], type: GraphQLNamedType | undefined): SelectionSetNode {
    const scope: Scope = { type, around: '', seen: new Map() };
    const parts: Part[] = [];
    for (const { selections } of sets) this.collect(selections, scope, parts);
    return { kind: Kind.SELECTION_SET, selections: this.write(parts) };
  }

  private collect(selections: readonly SelectionNode[], scope: Scope, parts: Part[]): void {
    for (const node of selections) {
      this.left -= 1;
      if (this.left < 0) throw new Unplannable(`has more than ${MAX_FIELDS} fields`);
      if (node.kind === Kind.FIELD) {
        const name = `${scope.around} ${(node.alias ?? node.name).value} ${textOf(node.directives)}`;
        const known = this.schema === undefined ? undefined : scope.seen.get(name);
        const sets = known ?? [];
        if (node.selectionSet !== undefined) sets.push(node.selectionSet);
        if (known !== undefined) continue;
        scope.seen.set(name, sets);
        parts.push({ node, sets, parent: scope.type });
        continue;
      }
      const { typeCondition, selectionSet } =
        node.kind === Kind.INLINE_FRAGMENT ? node : this.fragment(node.name.value);
      const condition = typeCondition?.name.value;
      const directives = node.directives ?? [];
      if (
        directives.length === 0 &&
        this.schema !== undefined &&
        (condition ?? scope.type?.name) === scope.type?.name
      ) {
        this.collect(selectionSet.selections, scope, parts);
        continue;
      }
      const inner: Part[] = [];
      const type = condition === undefined ? scope.type : this.schema?.getType(condition);
      const around = `${scope.around}/${condition ?? ''} ${textOf(directives)}`;
      this.collect(selectionSet.selections, { type, around, seen: scope.seen }, inner);
      if (inner.length > 0) parts.push({ condition, directives, parts: inner });
    }
  }

  private write(parts: readonly Part[]): SelectionNode[] {
    return parts.map((part): SelectionNode => {
      if (!('node' in part)) {
        const { condition, directives, parts: inner } = part;
        return {
          kind: Kind.INLINE_FRAGMENT,
          ...(condition === undefined
            ? {}
            : { typeCondition: { kind: Kind.NAMED_TYPE, name: { kind: Kind.NAME, value: condition } } }),
          directives: [...directives],
          selectionSet: { kind: Kind.SELECTION_SET, selections: this.write(inner) },
        };
      }
      const { node, sets, parent } = part;
      if (sets.length === 0) return { ...node };
      const field = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
      return { ...node, selectionSet: this.expand(sets, field === undefined ? undefined : getNamedType(field.type)) };
    });
  }

  private fragment(name: string): FragmentDefinitionNode {
    const fragment = this.fragments.get(name);
    if (fragment === undefined) throw new Unplannable(`has no fragment ${name}`);
    return fragment;
  }
}

function textOf(directives: readonly DirectiveNode[] | undefined): string {
  return directives === undefined || directives.length === 0 ? '' : directives.map((node) => print(node)).join(' ');
}
