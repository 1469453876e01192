import { CriticalityLevel, DiffRule, diff } from '@graphql-inspector/core';
import { buildSchema, type GraphQLSchema } from 'graphql';
import { isEmptyQuery } from '../../schema/empty-query.ts';

export interface SchemaChange {
  /** Coordinate of what has changed; empty for the schema as a whole. */
  readonly path: string;
  /** A sentence. */
  readonly message: string;
  /** What kind of change it is, e.g. `FIELD_REMOVED`. */
  readonly type: string;
}

/** What one schema changes against another. */
export interface SchemaChanges {
  /** Documents that were valid may not be any more, or answer something else. */
  readonly breaking: readonly SchemaChange[];
  /** Valid documents stay valid, and clients may still be surprised, e.g. by a new value of an enum. */
  readonly dangerous: readonly SchemaChange[];
  readonly safe: readonly SchemaChange[];
}

/** Pure but for its time: seconds for large schemas. */
export async function compareSchemas(from: string, to: string): Promise<SchemaChanges> {
  const options = { assumeValid: true, assumeValidSDL: true };
  const schemas = [buildSchema(from, options), buildSchema(to, options)] as const;
  const changes = (await diff(...schemas, [DiffRule.simplifyChanges])).filter(
    ({ path = '' }) => !schemas.some((schema) => isEmptyQuery(path, descriptionOf(path, schema))),
  );
  const of = (wanted: CriticalityLevel) =>
    changes
      .filter(({ criticality }) => criticality.level === wanted)
      .map(({ path = '', message, type }) => ({ path, message, type: String(type) }));
  return {
    breaking: of(CriticalityLevel.Breaking),
    dangerous: of(CriticalityLevel.Dangerous),
    safe: of(CriticalityLevel.NonBreaking),
  };
}

function descriptionOf(path: string, schema: GraphQLSchema): string | undefined {
  const [, name = ''] = path.split('.');
  return schema.getQueryType()?.getFields()[name]?.description ?? undefined;
}
