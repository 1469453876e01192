import type { SourceModel } from '../sources/source.ts';
import type { ParentReader } from './link-resolver.ts';

/** Reads fields of a type from the objects that a source gives, under the source's own names. */
export function createFieldReader(model: SourceModel | undefined, typeName: string): ParentReader {
  return (parent, field) => {
    const coordinate = `${typeName}.${field}`;
    const made = model?.values?.get(coordinate);
    if (made !== undefined) return made(parent);
    return (parent as Record<string, unknown>)[model?.properties?.get(coordinate) ?? field];
  };
}
