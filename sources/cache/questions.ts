import type {
  Arguments,
  CallContext,
  GraphqlAnswer,
  GraphqlRequest,
  GraphqlUpstream,
  Selected,
  SelectionShape,
  UnaryCall,
} from '../source.ts';
import type { Question, QuestionPlan } from './answer-cache.ts';
import type { DocumentPlan } from './documents.ts';
import { keyText, shortKey } from './keys.ts';
import type { KeepRule } from './terms.ts';

abstract class KeyedQuestion<Plan extends QuestionPlan> implements Question {
  readonly plan: Plan;
  readonly context: CallContext;
  readonly key: string;

  constructor(plan: Plan, context: CallContext, key: string) {
    this.plan = plan;
    this.context = context;
    this.key = key;
  }

  /** Made when it is wanted: most answers are for everybody. */
  get callerKey(): string | undefined {
    const { callerScope } = this.context;
    return callerScope === '' ? undefined : shortKey(`${this.key}@${JSON.stringify(callerScope)}`);
  }

  abstract ask(context: CallContext): Promise<unknown>;
  abstract tagsOf(value: unknown): readonly string[];
}

export interface CallPlan extends QuestionPlan {
  readonly call: UnaryCall;
  tagsOf(value: unknown, shape: SelectionShape | undefined): readonly string[];
}

export class CallQuestion extends KeyedQuestion<CallPlan> {
  readonly #args: Arguments;
  readonly #selected: Selected | undefined;

  constructor(plan: CallPlan, args: Arguments, context: CallContext, selected: Selected | undefined, key: string) {
    super(plan, context, key);
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

export interface DocumentQuestionPlan extends QuestionPlan {
  readonly service: GraphqlUpstream;
  readonly document: Extract<DocumentPlan, { readonly kind: 'query' }>;
}

export class DocumentQuestion extends KeyedQuestion<DocumentQuestionPlan> {
  readonly #request: GraphqlRequest;

  constructor(plan: DocumentQuestionPlan, request: GraphqlRequest, context: CallContext, key: string) {
    super(plan, context, key);
    this.#request = request;
  }

  ask(context: CallContext): Promise<GraphqlAnswer> {
    return this.plan.service.execute(this.#request, context);
  }

  tagsOf(data: unknown): readonly string[] {
    return this.plan.document.tagsOf(data, this.#request.variables);
  }
}

/** Undefined where a question cannot be told by a text. */
export function createKeys(headers: readonly string[]) {
  return (
    prefix: string,
    args: Arguments,
    selected: Selected | undefined,
    context: CallContext,
  ): string | undefined => {
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
    return shortKey(text);
  };
}

export function callPlan(source: string, { operation }: UnaryCall, rule: KeepRule): QuestionPlan {
  return {
    details: { source, operation },
    rules: [rule],
    scope: rule.scope,
    valueOf: (answer) => answer,
    answerOf: (value) => value,
  };
}

export function documentPlan(source: string, { operation }: GraphqlRequest, rules: readonly KeepRule[]): QuestionPlan {
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
