import { SkeinError } from '../../../kernel/errors.ts';
import type { CountedAnswer } from '../../../sources/prompt/prompt-answers.ts';
import type { PublicResult } from '../../public-errors.ts';
import { publicFailure, type RestFailure } from './failure.ts';

/** The answer of a prompt. */
export interface RestAnswer {
  readonly output: unknown;
  /** Not there for prompts of other tenants: what is behind their products is their own. */
  readonly prompt?: { readonly version: string; readonly hash: string };
  readonly model?: string;
  readonly provider?: string;
  /** Id of the call, to say how good the answer was. */
  readonly call?: string;
  /** The answer was kept, and no model was asked. */
  readonly cached?: boolean;
  /** As far as the provider has told it. */
  readonly usage?: Readonly<Record<string, unknown>>;
  /** Why the model stopped; of streams alone. */
  readonly finishReason?: unknown;
  readonly requestId: string;
}

/** The result of the mutation that asked, in the words of REST. */
export function answerOf(result: PublicResult, requestId: string): RestAnswer | RestFailure {
  const [error] = result.errors ?? [];
  if (error !== undefined) return publicFailure(error);
  const output = result.data?.output ?? null;
  const [made] =
    (result.extensions?.skein as { readonly prompts?: readonly CountedAnswer[] } | undefined)?.prompts ?? [];
  if (made === undefined) return { output, requestId };
  const { version, hash, model, provider, calls = [], usage, cached = false } = made;
  const [call] = calls;
  return {
    output,
    prompt: { version, hash },
    ...{ model, provider },
    ...(call !== undefined && { call }),
    cached,
    ...(usage && { usage }),
    requestId,
  };
}

export function isFailure(answer: RestAnswer | RestFailure): answer is RestFailure {
  return 'status' in answer;
}

/** What the event of a stream may have; the source says which of it there is. */
interface StreamEvent {
  readonly text?: string | null;
  readonly finishReason?: string | null;
  readonly model?: string | null;
  readonly provider?: string | null;
  readonly version?: string | null;
  readonly versionHash?: string | null;
  readonly cached?: boolean | null;
  readonly call?: string | null;
  readonly usage?: Readonly<Record<string, unknown>> | null;
}

const MAX_CHARACTERS = 8_000_000;

/** Gathers the answer of a stream, to be given whole at its end. */
export class AnswerGatherer {
  #texts: string[] = [];
  #characters = 0;
  #last: StreamEvent = {};

  /** What an event adds to the text. @throws SkeinError UPSTREAM_RESPONSE_TOO_LARGE */
  add(event: StreamEvent): string {
    const { text } = event;
    this.#last = event;
    if (!text) return '';
    this.#characters += text.length;
    if (this.#characters > MAX_CHARACTERS) throw new SkeinError('UPSTREAM_RESPONSE_TOO_LARGE');
    this.#texts.push(text);
    return text;
  }

  whole(requestId: string): RestAnswer {
    const { version, versionHash, model, provider, call, cached, usage, finishReason } = this.#last;
    return {
      output: this.#texts.join(''),
      ...(version && versionHash && { prompt: { version, hash: versionHash } }),
      ...(model && { model }),
      ...(provider && { provider }),
      ...(call && { call }),
      cached: cached ?? false,
      ...(usage && { usage: told(usage) }),
      ...(finishReason && { finishReason }),
      requestId,
    };
  }
}

/** GraphQL answers null for what is not known. */
function told(usage: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null));
}
