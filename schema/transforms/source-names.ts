import { isEnumType, isInputObjectType, isInterfaceType, isObjectType } from 'graphql';
import type { UpstreamNames } from '../../sources/source.ts';
import { argumentsOf, fieldAt, type Plan } from './plan.ts';

/** What things of the graph are called at the source. Types and fields that are given along have the source's names. */
export interface SourceNames {
  type(shown: string): string;
  field(typeName: string, shown: string): string;
  argument(coordinate: string, shown: string): string;
  value(enumName: string, shown: string): string;
  /** What the service calls a type of the source, and the other way round: its root types can have other names. */
  toService(typeName: string): string;
  fromService(typeName: string): string;
}

export function createSourceNames(plan: Plan, upstreamNames: UpstreamNames | undefined): SourceNames {
  const { schema, names, hidden } = plan;
  const types = new Map<string, string>();
  for (const name of Object.keys(schema.getTypeMap())) if (!hidden.has(name)) types.set(names.type(name), name);
  const services = new Map([...(upstreamNames?.types ?? [])].map(([own, service]) => [service, own]));
  const members = new Map<string, ReadonlyMap<string, string>>();
  const reverse = (owner: string, all: () => readonly (readonly [shown: string, own: string])[]) => {
    let known = members.get(owner);
    if (known === undefined) {
      known = new Map(all());
      members.set(owner, known);
    }
    return known;
  };
  return {
    type: (shown) => types.get(shown) ?? shown,
    field(typeName, shown) {
      const known = reverse(typeName, () => {
        const type = schema.getType(typeName);
        if (!isObjectType(type) && !isInterfaceType(type) && !isInputObjectType(type)) return [];
        const own = Object.keys(type.getFields()).filter((name) => !hidden.has(`${typeName}.${name}`));
        return own.map((name) => [names.field(typeName, name), name] as const);
      });
      return known.get(shown) ?? shown;
    },
    argument(coordinate, shown) {
      const [typeName = '', fieldName = ''] = coordinate.split('.');
      const known = reverse(coordinate, () => {
        const own = argumentsOf(fieldAt(schema, coordinate)).filter(
          ({ name }) => !hidden.has(`${coordinate}(${name})`),
        );
        return own.map(({ name }) => [names.argument(typeName, fieldName, name), name] as const);
      });
      return known.get(shown) ?? shown;
    },
    value(enumName, shown) {
      const known = reverse(enumName, () => {
        const type = schema.getType(enumName);
        return isEnumType(type) ? type.getValues().map(({ name }) => [names.value(enumName, name), name] as const) : [];
      });
      return known.get(shown) ?? shown;
    },
    toService: (typeName) => upstreamNames?.types.get(typeName) ?? typeName,
    fromService: (typeName) => services.get(typeName) ?? typeName,
  };
}
