import { CriticalityLevel, DiffRule, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

/** What one schema changes against another, in sentences. */
export interface SchemaChanges {
  /** Documents that were valid may not be any more, or answer something else. */
  readonly breaking: readonly string[];
  /** Valid documents stay valid, and clients may still be surprised, e.g. by a new value of an enum. */
  readonly dangerous: readonly string[];
  readonly safe: readonly string[];
}

/** Pure but for its time: seconds for large schemas. */
export async function compareSchemas(from: string, to: string): Promise<SchemaChanges> {
  const options = { assumeValid: true, assumeValidSDL: true };
  const changes = await diff(buildSchema(from, options), buildSchema(to, options), [DiffRule.simplifyChanges]);
  const of = (wanted: CriticalityLevel) =>
    changes.filter(({ criticality }) => criticality.level === wanted).map(({ message }) => message);
  return {
    breaking: of(CriticalityLevel.Breaking),
    dangerous: of(CriticalityLevel.Dangerous),
    safe: of(CriticalityLevel.NonBreaking),
  };
}
