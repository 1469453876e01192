import { Kind, parse } from 'graphql';
import type { Clock } from '../../kernel/ports.ts';
import type {
  Arguments,
  CallContext,
  GraphqlAnswer,
  GraphqlRequest,
  GraphqlUpstream,
  Selected,
  SelectionShape,
  Source,
  SourceCall,
  UnaryCall,
} from '../source.ts';
import { createReadSharing } from '../upstream/resilience/share-reads.ts';
import { AnswerCache, type Question, type QuestionPlan } from './answer-cache.ts';
import { createDocumentPlans } from './documents.ts';
import { createInvalidation, type Drops } from './invalidation.ts';
import { digestOf, keyText, shortKey } from './keys.ts';
import type { SourceCacheOptions } from './options.ts';
import { createKeepRules } from './rules.ts';
import { readSdlTypes, type SdlTypes } from './sdl-types.ts';
import { createSelectionTagger, type SelectionNames } from './selection-tags.ts';
import type { CacheStats } from './stats.ts';
import type { CacheStore } from './store.ts';
import type { KeepRule } from './terms.ts';
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
  const cache = new AnswerCache({ source: name, store, sharing: createReadSharing({ clock }), clock, stats });
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
      const drops = invalidation.dropsOf(field);
      return drops === undefined ? call : droppingCall(call, drops, drop);
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
    const plans = new WeakMap<object, QuestionPlan>();
    return {
      subscribe: (request, context) => service.subscribe(request, context),
      async execute(request, context) {
        const plan = planOf(request);
        if (plan.kind === 'none') return service.execute(request, context);
        if (plan.kind === 'mutation') {
          const answer = await service.execute(request, context);
          if (answer.errors.length === 0) await drop(plan.tagsOf(answer.data, request.variables));
          return answer;
        }
        const key = keyed(plan.digest, request.variables, undefined, context);
        if (key === undefined) return service.execute(request, context);
        let common = plans.get(plan);
        if (common === undefined) {
          common = documentPlan(name, request, plan.rules);
          plans.set(plan, common);
        }
        const question: Question = {
          plan: common,
          context,
          key: key.key,
          callerKey: key.callerKey,
          ask: (own) => service.execute(request, own),
          tagsOf: (data) => plan.tagsOf(data, request.variables),
        };
        return (await cache.answer(question)) as GraphqlAnswer;
      },
    };
  }
}

interface CallPlan extends QuestionPlan {
  readonly call: UnaryCall;
  tagsOf(value: unknown, shape: SelectionShape | undefined): readonly string[];
}

class CallQuestion implements Question {
  readonly plan: CallPlan;
  readonly context: CallContext;
  readonly key: string;
  readonly callerKey: string | undefined;
  readonly #args: Arguments;
  readonly #selected: Selected | undefined;

  constructor(plan: CallPlan, args: Arguments, context: CallContext, selected: Selected | undefined, keys: Keys) {
    this.plan = plan;
    this.context = context;
    this.key = keys.key;
    this.callerKey = keys.callerKey;
    this.#args = args;
    this.#selected = selected;
  }

  ask(context: CallContext): Promise<unknown> {
    return this.plan.call.invoke(this.#args, context, this.#selected);
  }

  tagsOf(value: unknown): readonly string[] {
    return this.plan.tagsOf(value, this.#selected?.shape);
  }
}

interface Keys {
  readonly key: string;
  readonly callerKey: string | undefined;
}

/** Undefined where a question cannot be told by a text. */
function createKeys(headers: readonly string[]) {
  return (prefix: string, args: Arguments, selected: Selected | undefined, context: CallContext): Keys | undefined => {
    let text = prefix;
    for (const _ in args) {
      const own = keyText(args);
      if (own === undefined) return undefined;
      text += own;
      break;
    }
    if (selected !== undefined && selected.shape.variables.size > 0) {
      const values: unknown[] = [];
      for (const name of selected.shape.variables.keys()) values.push(selected.values[name]);
      const own = keyText(values);
      if (own === undefined) return undefined;
      text += own;
    }
    if (headers.length > 0) text += keyText(headers.map((name) => context.headers[name]));
    const { callerScope } = context;
    return {
      key: shortKey(text),
      callerKey: callerScope === '' ? undefined : shortKey(`${text}@${JSON.stringify(callerScope)}`),
    };
  };
}

function callPlan(source: string, { operation }: UnaryCall, rule: KeepRule): QuestionPlan {
  return {
    details: { source, operation },
    rules: [rule],
    scope: rule.scope,
    valueOf: (answer) => answer,
    answerOf: (value) => value,
  };
}

function documentPlan(source: string, { operation }: GraphqlRequest, rules: readonly KeepRule[]): QuestionPlan {
  const scopes = new Set(rules.map(({ scope }) => scope));
  return {
    details: { source, operation },
    rules,
    scope: scopes.has('caller') ? 'caller' : scopes.has('auto') ? 'auto' : 'shared',
    valueOf: (answer) => {
      const { data, errors } = answer as GraphqlAnswer;
      return errors.length > 0 || data === null ? undefined : data;
    },
    failureOf: (answer) => {
      const { data, errors } = answer as GraphqlAnswer;
      return data === null || data === undefined ? errors[0]?.error : undefined;
    },
    // Whoever reads an answer may write its errors into it, unless it is kept.
    ownOf: (answer) => {
      const { data, errors } = answer as GraphqlAnswer;
      return Object.isFrozen(data) ? answer : { data: structuredClone(data), errors };
    },
    answerOf: (data) => ({ data, errors: [] }),
  };
}

function droppingCall(call: UnaryCall, drops: Drops, drop: (tags: readonly string[]) => Promise<void>): UnaryCall {
  return {
    ...call,
    async invoke(args, context, selected) {
      const result = await call.invoke(args, context, selected);
      if (!(result instanceof Error)) await drop(drops(args, result));
      return result;
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
