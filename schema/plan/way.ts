import {
  type DocumentNode,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isIntrospectionType,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';

/** How an operation is executed: by the sources' own calls, or by the stitched schema. */
export type Way = 'direct' | 'stitched';

export interface WayChoice {
  readonly way: Way;
  /** Why not the direct way. */
  readonly reason?: string;
}

/** Chooses the way for a valid document: direct, unless it selects through something only the stitched schema covers. */
export function chooseWay(document: DocumentNode, schema: GraphQLSchema): WayChoice {
  const types = new TypeInfo(schema);
  let reason: string | undefined;
  visit(
    document,
    visitWithTypeInfo(types, {
      Field() {
        const type = getNamedType(types.getType());
        if (reason === undefined && isAbstractType(type) && !isIntrospectionType(type)) {
          reason = `selects through the abstract type ${type.name}`;
        }
      },
    }),
  );
  return reason === undefined ? { way: 'direct' } : { way: 'stitched', reason };
}
