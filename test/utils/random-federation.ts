import { makeExecutableSchema } from '@graphql-tools/schema';
import type { GraphQLSchema } from 'graphql';
import type { SubgraphOptions } from './subgraph-server.ts';

/** How often, in a hundred, nullable fields are null, and fields fail. */
export interface RandomFederationOptions {
  readonly nullPercent: number;
  readonly errorPercent: number;
  /** Whether fields that may not be null fail, too. */
  readonly nonNullErrors: boolean;
  /** Whether there are fields with `@requires`. */
  readonly requires: boolean;
}

interface Field {
  readonly name: string;
  readonly type: string;
  readonly named: string;
  readonly args: string;
  owners: string[];
  requires?: readonly string[];
  requiresIn?: string;
  provides?: Map<string, string>;
}

interface EntityType {
  readonly name: string;
  readonly presence: Map<string, readonly string[]>;
  readonly fields: Field[];
  readonly externals: Map<string, Set<string>>;
}

function mulberry(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

function hashOf(text: string): number {
  let h = 2166136261;
  for (let i = 0; i < text.length; i += 1) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
  h ^= h >>> 15;
  h = Math.imul(h, 2246822507);
  h ^= h >>> 13;
  return h >>> 0;
}

const LEAVES = ['Int', 'String', 'C', 'Boolean'];

/**
 * Subgraphs that share entities, values, an interface and a union as the seed says, and the same graph as one service. What a
 * field answers follows from the seed, its type, the object's id and its arguments, whoever is asked. Not all that it makes can
 * be composed.
 */
export function randomFederation(seed: number, options: RandomFederationOptions) {
  const random = mulberry(seed);
  const upTo = (n: number) => Math.floor(random() * (n + 1));
  const chance = (percent: number) => random() * 100 < percent;
  const pick = <T>(list: readonly T[]): T => list[upTo(list.length - 1)] as T;
  const wrap = (type: string) => pick([type, type, `${type}!`, `[${type}]`, `[${type}!]!`, `[${type}!]`]);

  const subgraphs = Array.from({ length: 2 + upTo(2) }, (_, i) => `s${i}`);
  const entityNames = Array.from({ length: 2 + upTo(2) }, (_, i) => `E${i}`);
  const hasInterface = chance(70);
  const implementers = hasInterface ? entityNames.filter(() => chance(70)) : [];
  const interfaceIn = implementers.length > 0 ? subgraphs.filter(() => chance(60)) : [];
  if (implementers.length > 0 && interfaceIn.length === 0) interfaceIn.push(pick(subgraphs));
  const unionMembers = chance(60) ? [...entityNames.filter(() => chance(70)), 'V0'] : [];
  const composites = [...entityNames, 'V0'];

  const entities = new Map<string, EntityType>();
  for (const name of entityNames) {
    const presence = new Map<string, readonly string[]>();
    const isDouble = chance(40);
    const present = subgraphs.filter(() => chance(75));
    if (present.length === 0) present.push(pick(subgraphs));
    present.forEach((subgraph, i) => {
      presence.set(
        subgraph,
        !isDouble ? ['id'] : i === 0 ? ['id', 'code'] : pick([['id'], ['code'], ['id', 'code'], ['id code']]),
      );
    });
    entities.set(name, { name, presence, fields: [], externals: new Map() });
  }
  const ensure = (subgraph: string, type: string) => {
    if (type === 'U0') for (const member of unionMembers) ensure(subgraph, member);
    const entity = entities.get(type);
    if (entity !== undefined && !entity.presence.has(subgraph)) entity.presence.set(subgraph, ['id']);
  };
  const abstractIn = (subgraph: string) => [
    ...(interfaceIn.includes(subgraph) ? ['I0'] : []),
    ...(unionMembers.length > 0 ? ['U0'] : []),
  ];
  const makeField = (name: string, owner: string): Field => {
    const named = chance(50) ? pick(LEAVES) : pick([...composites, ...abstractIn(owner)]);
    return { name, named, type: wrap(named), args: pick(['', '', '', '(n: Int = 1)']), owners: [owner] };
  };
  for (const entity of entities.values()) {
    const names = ['f0', 'f1', 'f2', 'f3', 'f4', 'f5'].filter(() => chance(60));
    for (const name of names) {
      const present = [...entity.presence.keys()];
      const field = makeField(name, pick(present));
      if (LEAVES.includes(field.named) && chance(25)) {
        const other = pick(present);
        if (!field.owners.includes(other)) field.owners.push(other);
      }
      entity.fields.push(field);
    }
  }
  // The interface's own field.
  const hasName = interfaceIn.length > 0 && chance(70);
  const nameIn = hasName ? interfaceIn.filter((_, i) => i === 0 || chance(50)) : [];
  if (hasName)
    for (const name of implementers)
      entities.get(name)?.fields.push({ name: 'nm', type: 'String', named: 'String', args: '', owners: [...nameIn] });
  const roots: (Field & { subgraph: string })[] = [];
  for (const subgraph of subgraphs) {
    const count = 1 + upTo(1);
    for (let i = 0; i < count; i += 1) {
      const named = pick([...composites, ...entityNames, ...abstractIn(subgraph)]);
      roots.push({
        name: `${subgraph}q${i}`,
        named,
        type: wrap(named),
        args: pick(['', '(n: Int = 2)']),
        owners: [subgraph],
        subgraph,
      });
    }
  }
  const value: Field[] = [
    { name: 'a', type: 'Int', named: 'Int', args: '', owners: [] },
    { name: 'b', type: 'String!', named: 'String', args: '', owners: [] },
    ...(chance(60) ? [{ name: 'e', type: pick(['E0', 'E0!', '[E0]']), named: 'E0', args: '', owners: [] }] : []),
  ];
  // References make presences, which make references, until nothing is new.
  for (let i = 0; i < 5; i += 1) {
    for (const subgraph of interfaceIn) for (const name of implementers) ensure(subgraph, name);
    for (const { subgraph, named } of roots) ensure(subgraph, named);
    for (const { fields } of entities.values())
      for (const { owners, named } of fields) for (const owner of owners) ensure(owner, named);
    for (const subgraph of subgraphs) for (const { named } of value) ensure(subgraph, named);
  }
  // Requires: nullable leaves of others.
  if (options.requires) {
    for (const entity of entities.values()) {
      for (const field of entity.fields) {
        if (field.owners.length > 1 || field.name === 'nm' || !chance(35)) continue;
        const [owner = ''] = field.owners;
        const able = entity.fields.filter(
          (other) =>
            other.name < field.name &&
            LEAVES.includes(other.named) &&
            !other.type.endsWith('!') &&
            !other.owners.includes(owner) &&
            other.args === '' &&
            other.name !== 'nm',
        );
        if (able.length === 0) continue;
        field.requires = [...new Set([pick(able).name, pick(able).name])];
        field.requiresIn = owner;
        const externals = entity.externals.get(owner) ?? new Set();
        entity.externals.set(owner, externals);
        for (const name of field.requires) externals.add(name);
      }
    }
  }
  // Provides.
  const shareables = new Set<string>();
  const addProvides = (field: Field, subgraph: string) => {
    const entity = entities.get(field.named);
    if (entity === undefined || !chance(30)) return;
    const able = entity.fields.filter(
      (other) =>
        LEAVES.includes(other.named) &&
        other.args === '' &&
        !other.owners.includes(subgraph) &&
        other.requires === undefined &&
        other.name !== 'nm',
    );
    if (able.length === 0) return;
    const name = pick(able).name;
    const externals = entity.externals.get(subgraph) ?? new Set();
    entity.externals.set(subgraph, externals);
    externals.add(name);
    shareables.add(`${entity.name}.${name}`);
    field.provides = new Map([...(field.provides ?? []), [subgraph, name]]);
  };
  for (const { fields } of entities.values())
    for (const field of fields) if (field.owners.length === 1) addProvides(field, field.owners[0] as string);
  for (const root of roots) addProvides(root, root.subgraph);

  const sdlOf = (subgraph: string): string => {
    const lines = [
      'extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external", "@requires", "@provides"])',
      'enum C { RED BLUE GREEN }',
    ];
    const text = (field: Field, shared: boolean) => {
      const requires =
        field.requires !== undefined && field.requiresIn === subgraph
          ? ` @requires(fields: "${field.requires.join(' ')}")`
          : '';
      const provided = field.provides?.get(subgraph);
      const provides = provided === undefined ? '' : ` @provides(fields: "${provided}")`;
      return `${field.name}${field.args}: ${field.type}${requires}${provides}${shared ? ' @shareable' : ''}`;
    };
    lines.push(
      `type Query { ${roots
        .filter((root) => root.subgraph === subgraph)
        .map((root) => text(root, false))
        .join(' ')} }`,
    );
    if (interfaceIn.includes(subgraph))
      lines.push(`interface I0 { id: ID! ${nameIn.includes(subgraph) ? 'nm: String' : ''} }`);
    for (const entity of entities.values()) {
      const keys = entity.presence.get(subgraph);
      if (keys === undefined) continue;
      const isI = interfaceIn.includes(subgraph) && implementers.includes(entity.name);
      const own = entity.fields.filter(({ owners }) => owners.includes(subgraph));
      const needed = new Set(keys.flatMap((key) => key.split(' ')));
      const ids = [
        needed.has('id') || isI ? 'id: ID! @shareable' : '',
        needed.has('code') ? 'code: String! @shareable' : '',
      ];
      const external = [...(entity.externals.get(subgraph) ?? [])].map((name) => {
        const field = entity.fields.find((each) => each.name === name) as Field;
        return `${name}${field.args}: ${field.type} @external`;
      });
      lines.push(
        `type ${entity.name}${isI ? ' implements I0' : ''} ${keys.map((key) => `@key(fields: "${key}")`).join(' ')} { ${[
          ...ids,
          ...own.map((field) =>
            text(
              field,
              field.owners.length > 1 || shareables.has(`${entity.name}.${field.name}`) || field.name === 'nm',
            ),
          ),
          ...external,
        ].join(' ')} }`,
      );
    }
    lines.push(`type V0 @shareable { ${value.map((field) => `${field.name}: ${field.type}`).join(' ')} }`);
    if (unionMembers.length > 0) {
      const used = [...roots, ...[...entities.values()].flatMap(({ fields }) => fields)].some(
        ({ named, owners }) => named === 'U0' && owners.includes(subgraph),
      );
      if (used) lines.push(`union U0 = ${unionMembers.join(' | ')}`);
    }
    return lines.join('\n');
  };

  type Obj = Record<string, unknown> & { __typename: string; id: string };
  const dice = (text: string) => hashOf(`${seed} ${text}`);
  const one = (named: string, at: string): unknown => {
    if (named === 'Int') return dice(`${at} v`) % 1000;
    if (named === 'Boolean') return dice(`${at} v`) % 2 === 0;
    if (named === 'String') return `t${dice(`${at} v`) % 1000}`;
    if (named === 'C') return ['RED', 'BLUE', 'GREEN'][dice(`${at} v`) % 3];
    let concrete = named;
    if (named === 'I0') concrete = implementers[dice(`${at} t`) % implementers.length] as string;
    if (named === 'U0') concrete = unionMembers[dice(`${at} t`) % unionMembers.length] as string;
    const id = String(dice(`${at} i`) % 4);
    return { __typename: concrete, id, code: `c${id}` };
  };
  const answerOf = (
    typeName: string,
    id: string,
    field: Field,
    args: Record<string, unknown>,
    required: string,
  ): unknown => {
    const at = `${typeName} ${id} ${field.name} ${JSON.stringify(args)} ${required}`;
    const percent = dice(`${at} p`) % 100;
    const canFail = options.nonNullErrors || !field.type.endsWith('!');
    if (canFail && percent < options.errorPercent) throw new Error(`fails ${at}`);
    if (!field.type.endsWith('!') && percent < options.errorPercent + options.nullPercent) return null;
    if (!field.type.startsWith('[')) return one(field.named, at);
    const length = dice(`${at} l`) % 4;
    const nullable = !field.type.includes('!]');
    return Array.from({ length }, (_, i) =>
      nullable && dice(`${at} n${i}`) % 100 < options.nullPercent ? null : one(field.named, `${at} ${i}`),
    );
  };
  const resolversOf = (subgraph: string): Record<string, unknown> => {
    const read = (typeName: string, field: Field) => (parent: Obj | undefined, args: Record<string, unknown>) => {
      let required = '';
      if (field.requires !== undefined && parent !== undefined) {
        for (const name of field.requires) {
          if (!Object.hasOwn(parent, name)) throw new Error(`LACKS ${typeName}.${name}`);
          required += `${name}=${JSON.stringify(parent[name])} `;
        }
      }
      return answerOf(typeName, parent?.id ?? '', field, args, required);
    };
    const resolvers: Record<string, Record<string, unknown>> = { Query: {}, V0: {} };
    for (const root of roots)
      if (root.subgraph === subgraph) (resolvers.Query as Record<string, unknown>)[root.name] = read('Query', root);
    for (const field of value) (resolvers.V0 as Record<string, unknown>)[field.name] = read('V0', field);
    for (const entity of entities.values()) {
      if (!entity.presence.has(subgraph)) continue;
      const own: Record<string, unknown> = {
        __resolveReference: (reference: Obj) => {
          const id = reference.id ?? String(reference.code).slice(1);
          return { ...reference, id, code: `c${id}` };
        },
      };
      for (const field of entity.fields) {
        if (field.owners.includes(subgraph)) own[field.name] = read(entity.name, field);
        else if (entity.externals.get(subgraph)?.has(field.name) === true)
          own[field.name] = (parent: Obj, args: Record<string, unknown>) =>
            Object.hasOwn(parent, field.name) ? parent[field.name] : answerOf(entity.name, parent.id, field, args, '');
      }
      resolvers[entity.name] = own;
    }
    const typed = { __resolveType: ({ __typename }: Obj) => __typename };
    if (interfaceIn.includes(subgraph)) resolvers.I0 = typed;
    if (unionMembers.length > 0) resolvers.U0 = typed;
    return resolvers;
  };

  const services: SubgraphOptions[] = subgraphs.map((name) => {
    const sdl = sdlOf(name);
    const resolvers = resolversOf(name);
    if (!sdl.includes('union U0')) delete resolvers.U0;
    return { name, sdl, resolvers, requests: [] };
  });

  function byHand(publicSdl: string): GraphQLSchema {
    const read =
      (typeName: string, field: Field) =>
      (parent: Obj | undefined, args: Record<string, unknown>): unknown => {
        let required = '';
        for (const name of field.requires ?? []) {
          const other = entities.get(typeName)?.fields.find((each) => each.name === name) as Field;
          required += `${name}=${JSON.stringify(read(typeName, other)(parent, {}))} `;
        }
        return answerOf(typeName, parent?.id ?? '', field, args, required);
      };
    const resolvers: Record<string, Record<string, unknown>> = {};
    const put = (typeName: string, fields: readonly Field[]) => {
      resolvers[typeName] = Object.fromEntries(fields.map((field) => [field.name, read(typeName, field)]));
    };
    put('Query', roots);
    put('V0', value);
    for (const entity of entities.values()) put(entity.name, entity.fields);
    const typed = { __resolveType: ({ __typename }: Obj) => __typename };
    resolvers.I0 = typed;
    resolvers.U0 = typed;
    for (const name of Object.keys(resolvers))
      if (!new RegExp(`^(type|interface|union) ${name}\\b`, 'm').test(publicSdl)) delete resolvers[name];
    return makeExecutableSchema({
      typeDefs: publicSdl,
      resolvers: resolvers as never,
      resolverValidationOptions: { requireResolversToMatchSchema: 'ignore' },
    });
  }
  return { services, byHand };
}
