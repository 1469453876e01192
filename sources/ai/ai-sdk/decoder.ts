import type { LanguageModelV3StreamPart, LanguageModelV3ToolCall, SharedV3ProviderMetadata } from '@ai-sdk/provider';
import { SkeinError } from '../../../kernel/errors.ts';
import { ToolCallAssembler } from '../dialects/tool-calls.ts';
import type { ModelPart, Usage } from '../model.ts';
import type { PartDecoder } from '../part-stream.ts';
import { toSdkFailure } from './errors.ts';
import { signatureOf } from './metadata.ts';
import { finishReasonOf, usageOf } from './usage.ts';
import type { LeftOut } from './warnings.ts';

interface Thought {
  hasText: boolean;
  metadata: SharedV3ProviderMetadata | undefined;
}

interface Called {
  hasArguments: boolean;
  /** Its pieces are a text, of which only the whole call makes JSON. */
  readonly isText: boolean;
}

/** Parts of the specification as ours. What a provider calls and answers itself is not the client's to see. */
export class SdkDecoder implements PartDecoder<LanguageModelV3StreamPart> {
  readonly #providerOf: () => string;
  readonly #leftOut: LeftOut;
  readonly #assembler = new ToolCallAssembler();
  readonly #calls = new Map<string, Called>();
  readonly #thoughts = new Map<string, Thought>();
  readonly #texts = new Map<string, SharedV3ProviderMetadata>();
  #id: string | undefined;
  #modelId: string | undefined;
  #usage: Usage | undefined;
  #isCounted = false;
  /** Told, and to be thrown with what comes next. */
  #failure: SkeinError | undefined;
  #isFinished = false;

  /** `providerOf`: the name that signatures are bound to. */
  constructor(providerOf: () => string, leftOut: LeftOut) {
    this.#providerOf = providerOf;
    this.#leftOut = leftOut;
  }

  read(part: LanguageModelV3StreamPart, into: ModelPart[]): void {
    if (this.#isFinished) return;
    if (this.#failure !== undefined && part.type !== 'finish') {
      // Texts are closed before the end is told.
      if (part.type.endsWith('-end')) return;
      throw this.#failure;
    }
    switch (part.type) {
      case 'text-delta':
        if (part.providerMetadata !== undefined) this.#texts.set(part.id, part.providerMetadata);
        if (part.delta !== '') into.push({ type: 'text', text: part.delta });
        break;
      case 'reasoning-delta':
        this.#think(part.id, part.providerMetadata).hasText ||= part.delta !== '';
        if (part.delta !== '') into.push({ type: 'reasoning', text: part.delta });
        break;
      case 'tool-input-delta':
        into.push(...this.#argue(part.id, part.delta));
        break;
      case 'stream-start':
        this.#leftOut.judge(part.warnings);
        break;
      case 'response-metadata':
        this.#id ??= part.id;
        this.#modelId ??= part.modelId;
        break;
      case 'text-start':
        if (part.providerMetadata !== undefined) this.#texts.set(part.id, part.providerMetadata);
        break;
      case 'text-end':
        into.push(...this.#endText(part.id, part.providerMetadata));
        break;
      case 'reasoning-start':
        this.#think(part.id, part.providerMetadata);
        break;
      case 'reasoning-end':
        into.push(...this.#endThought(part.id, part.providerMetadata));
        break;
      case 'tool-input-start':
        if (part.providerExecuted === true) break;
        this.#calls.set(part.id, { hasArguments: false, isText: part.inputEncoding === 'text' });
        into.push(...this.#assembler.push({ key: part.id, id: part.id, name: part.toolName }));
        break;
      case 'tool-call':
        if (part.providerExecuted !== true) into.push(...this.#call(part));
        break;
      case 'error':
        // What was used until then is told behind it, if at all.
        this.#failure = toSdkFailure(part.error);
        break;
      case 'finish':
        into.push(this.#finish(part));
        break;
    }
  }

  end(): ModelPart[] {
    if (!this.#isFinished) throw this.#failure ?? new SkeinError('MODEL_STREAM_TRUNCATED');
    return [];
  }

  usage(): Usage | undefined {
    return this.#usage;
  }

  isCounted(): boolean {
    return this.#isCounted;
  }

  #think(id: string, metadata: SharedV3ProviderMetadata | undefined): Thought {
    const thought = this.#thoughts.get(id) ?? { hasText: false, metadata };
    thought.metadata = metadata ?? thought.metadata;
    this.#thoughts.set(id, thought);
    return thought;
  }

  /** All thoughts go back to where they came from, signed by their provider or not. */
  #endThought(id: string, last: SharedV3ProviderMetadata | undefined): ModelPart[] {
    const { hasText, metadata } = this.#think(id, last);
    this.#thoughts.delete(id);
    if (!hasText && metadata === undefined) return [];
    return [{ type: 'reasoning', text: '', signature: signatureOf(this.#providerOf(), metadata, !hasText) }];
  }

  #endText(id: string, last: SharedV3ProviderMetadata | undefined): ModelPart[] {
    const metadata = last ?? this.#texts.get(id);
    this.#texts.delete(id);
    return metadata === undefined
      ? []
      : [{ type: 'text', text: '', signature: signatureOf(this.#providerOf(), metadata) }];
  }

  #argue(id: string, delta: string): ModelPart[] {
    const call = this.#calls.get(id);
    if (call === undefined || call.isText || delta === '') return [];
    call.hasArguments = true;
    return this.#assembler.push({ key: id, arguments: delta });
  }

  /** The whole call, behind its pieces or without any. */
  #call({ toolCallId: key, toolName: name, input, providerMetadata }: LanguageModelV3ToolCall): ModelPart[] {
    const isNew = this.#calls.get(key)?.hasArguments !== true;
    this.#calls.set(key, { hasArguments: true, isText: true });
    const signature = providerMetadata && signatureOf(this.#providerOf(), providerMetadata);
    const pieces = this.#assembler.push({ key, id: key, name, arguments: isNew ? input : '', signature });
    return [...pieces, ...this.#assembler.close(key)];
  }

  #finish(part: Extract<LanguageModelV3StreamPart, { type: 'finish' }>): ModelPart {
    this.#usage = usageOf(part.usage, part.providerMetadata);
    // Packages finish what was cut off as well: then nobody has said why it ended.
    const { unified, raw } = part.finishReason;
    this.#isCounted = raw !== undefined || (unified !== 'other' && unified !== 'error');
    if (this.#failure !== undefined) throw this.#failure;
    const reason = finishReasonOf(part.finishReason);
    if (!this.#isCounted) throw new SkeinError('MODEL_STREAM_TRUNCATED');
    this.#assembler.check(reason);
    this.#isFinished = true;
    return { type: 'finish', reason, usage: this.#usage, id: this.#id, modelId: this.#modelId };
  }
}
