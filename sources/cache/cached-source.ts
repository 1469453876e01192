import { Kind, parse } from 'graphql';
import type { Clock } from '../../kernel/ports.ts';
import type { GraphqlAnswer, GraphqlUpstream, SelectionShape, Source, SourceCall, UnaryCall } from '../source.ts';
import { createReadSharing } from '../upstream/resilience/share-reads.ts';
import { AnswerCache } from './answer-cache.ts';
import { createDocumentPlans } from './documents.ts';
import { createInvalidation, type Drops } from './invalidation.ts';
import { digestOf } from './keys.ts';
import type { SourceCacheOptions } from './options.ts';
import {
  type CallPlan,
  CallQuestion,
  callPlan,
  createKeys,
  DocumentQuestion,
  type DocumentQuestionPlan,
  documentPlan,
} from './questions.ts';
import { createKeepRules } from './rules.ts';
import { readSdlTypes, type SdlTypes } from './sdl-types.ts';
import { createSelectionTagger, type SelectionNames } from './selection-tags.ts';
import type { CacheStats } from './stats.ts';
import type { CacheStore } from './store.ts';
import { createValueTagger, type Tagger } from './value-tags.ts';

export interface CachedSourceDeps {
  readonly store: CacheStore;
  readonly clock: Clock;
  readonly stats: CacheStats;
  /** Names in lower case of the client's headers that go on to the service: answers depend on them. */
  readonly forwardedHeaders: readonly string[];
  /** Of all that the source is made of: other answers than before may come of other options. */
  readonly fingerprint: string;
  /** Called once, when the source is closed. */
  onDispose?(): Promise<void>;
}

/** The source with answers to its queries kept as the options say. Calls that have no part in it are the same objects. */
export function createCachedSource(source: Source, options: SourceCacheOptions, deps: CachedSourceDeps): Source {
  const { store, clock, stats, forwardedHeaders } = deps;
  const { name, kind, model } = source;
  const types = readSdlTypes(model.sdl);
  const rules = createKeepRules(options, { forwardsHeaders: forwardedHeaders.length > 0 });
  const invalidation = createInvalidation(name, options.invalidate, types);
  const names = selectionNames(source, types);
  const digest = digestOf(name, deps.fingerprint, model.sdl);
  const sharing = createReadSharing({ clock });
  const cache = new AnswerCache({ source: name, store, sharing, clock, stats });
  const keyed = createKeys(forwardedHeaders);

  const drop = async (tags: readonly string[]): Promise<void> => {
    if (tags.length === 0) return;
    stats.invalidations++;
    await store.invalidate(tags);
  };

  function cachedCall(coordinate: string, call: SourceCall): SourceCall {
    if (call.type !== 'unary') return call;
    const [root, field = ''] = coordinate.split('.');
    if (root === 'Mutation') {
      return changingCall(call, invalidation.dropsOf(field), drop, sharing.part);
    }
    const rule = root === 'Query' ? rules.ofQuery(field) : undefined;
    if (rule === undefined) return call;
    const own = [...rule.tags.map(invalidation.names.own)];
    const tagsOfValue =
      call.usesSelection === true ? undefined : withTags(own, createValueTagger(field, model, types, invalidation));
    const plan: CallPlan = {
      ...callPlan(name, call, rule),
      call,
      tagsOf: (value, shape) => (tagsOfValue ?? taggerOf(shape))(value),
    };
    const prefix = digestOf(digest, coordinate);
    const shapes = new WeakMap<SelectionShape, { readonly prefix: string; tagsOf: Tagger | undefined }>();
    const shapeOf = (shape: SelectionShape) => {
      let known = shapes.get(shape);
      if (known === undefined) {
        known = { prefix: digestOf(prefix, shape.text, ...[...shape.variables].flat()), tagsOf: undefined };
        shapes.set(shape, known);
      }
      return known;
    };
    const bare: SelectionShape = { text: '', variables: new Map() };
    const taggerOf = (shape: SelectionShape = bare): Tagger => {
      const known = shapeOf(shape);
      known.tagsOf ??= withTags(
        [...own, ...(invalidation.queries.has(field) ? [invalidation.names.query(field)] : [])],
        shapeTagger(shape, types.fieldType('Query', field), { types, invalidation, names }),
      );
      return known.tagsOf;
    };
    return {
      ...call,
      invoke(args, context, selected) {
        const begin = selected === undefined ? prefix : shapeOf(selected.shape).prefix;
        const key = keyed(begin, args, selected, context);
        if (key === undefined) return call.invoke(args, context, selected);
        return cache.answer(new CallQuestion(plan, args, context, selected, key));
      },
    };
  }

  const { graphql } = source;
  return {
    name,
    kind,
    model: { ...model, calls: new Map([...model.calls].map(([at, call]) => [at, cachedCall(at, call)])) },
    ...(graphql === undefined ? {} : { graphql: cachedService(graphql) }),
    probe: (signal) => source.probe(signal),
    upstream: () => source.upstream?.(),
    async dispose() {
      await source.dispose();
      await deps.onDispose?.();
    },
  };

  function cachedService(service: GraphqlUpstream): GraphqlUpstream {
    const planOf = createDocumentPlans({ types, invalidation, names, digest, ...rules });
    const plans = new WeakMap<object, DocumentQuestionPlan>();
    return {
      subscribe: (request, context) => service.subscribe(request, context),
      execute(request, context) {
        const plan = planOf(request);
        if (plan.kind === 'none') return service.execute(request, context);
        if (plan.kind === 'mutation') {
          const dropping = service.execute(request, context).then(async (answer) => {
            await drop(plan.tagsOf(answer, request.variables));
            return answer;
          });
          return dropping.finally(sharing.part);
        }
        const key = keyed(plan.digest, request.variables, undefined, context);
        if (key === undefined) return service.execute(request, context);
        let common = plans.get(plan);
        if (common === undefined) {
          common = { ...documentPlan(name, request, plan.rules), service, document: plan };
          plans.set(plan, common);
        }
        return cache.answer(new DocumentQuestion(common, request, context, key)) as Promise<GraphqlAnswer>;
      },
    };
  }
}

/** Whoever asks after it has ended, however it did, joins nobody who asked before. */
function changingCall(
  call: UnaryCall,
  drops: Drops | undefined,
  drop: (tags: readonly string[]) => Promise<void>,
  part: () => void,
): UnaryCall {
  return {
    ...call,
    async invoke(args, context, selected) {
      try {
        const result = await call.invoke(args, context, selected);
        if (drops !== undefined && !(result instanceof Error)) await drop(drops(args, result));
        return result;
      } finally {
        part();
      }
    },
  };
}

function withTags(tags: readonly string[], tagger: Tagger): Tagger {
  return tags.length === 0 ? tagger : (value) => [...tags, ...tagger(value)];
}

function shapeTagger(
  { text }: SelectionShape,
  type: string | undefined,
  deps: Omit<Parameters<typeof createSelectionTagger>[2], 'fragments'>,
): Tagger {
  if (text === '' || type === undefined) return () => [];
  const [definition] = parse(text, { noLocation: true }).definitions;
  if (definition?.kind !== Kind.OPERATION_DEFINITION) return () => [];
  return createSelectionTagger(definition.selectionSet, [type], { ...deps, fragments: new Map() });
}

/** What documents to the service call things, read backwards. */
function selectionNames({ model }: Source, types: SdlTypes): SelectionNames {
  const typeNames = new Map([...(model.upstreamNames?.types ?? [])].map(([own, upstream]) => [upstream, own]));
  const fieldNames = new Map<string, string>();
  for (const [coordinate, upstream] of model.properties ?? []) {
    const [type = '', field = ''] = coordinate.split('.');
    if (types.has(type)) fieldNames.set(`${type}.${upstream}`, field);
  }
  for (const [coordinate, { upstreamField }] of model.calls) {
    const [type = '', field = ''] = coordinate.split('.');
    if (upstreamField !== undefined) fieldNames.set(`${type}.${upstreamField.name}`, field);
  }
  return {
    type: (upstream) => typeNames.get(upstream) ?? upstream,
    field: (type, upstream) => fieldNames.get(`${type}.${upstream}`) ?? upstream,
  };
}
