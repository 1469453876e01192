import { SkeinError } from '../../kernel/errors.ts';
import type { CallContext, UnaryCall } from '../source.ts';

export const FEEDBACK_FIELD = 'promptFeedback';
export const FEEDBACK_TYPES = { input: 'PromptFeedbackInput', output: 'PromptFeedback' };

export const MOST_COMMENT = 2_000;

/** What somebody thinks of an answer. */
export interface FeedbackInput {
  /** Id of the call, as it stands beside its answer. */
  readonly call: string;
  /** From 0 to 1. */
  readonly score: number;
  readonly comment?: string | null | undefined;
}

/** What is kept of it. */
export interface KeptFeedback {
  readonly call: string;
  readonly prompt: string;
  readonly version: string;
  readonly score: number;
  readonly comment: string | null;
}

/** Keeps what callers think of answers. */
export interface FeedbackKeeper {
  /**
   * Resolves when it is kept; what the same caller has said of the call before is replaced.
   * @throws SkeinError NOT_FOUND for a call that is not the caller's to judge, STORE_UNAVAILABLE when nothing can be kept
   */
  keep(feedback: FeedbackInput, context: CallContext): Promise<KeptFeedback>;
}

export function feedbackSdl(): string {
  return `"""What somebody thinks of an answer of a prompt."""
input ${FEEDBACK_TYPES.input} {
"""Id of the call, as it stands beside its answer."""
call: ID!
"""From 0, as bad as can be, to 1, as good; kept to a thousandth."""
score: Float!
"""At most 2,000 characters."""
comment: String
}

"""What is kept of what somebody thinks of an answer of a prompt."""
type ${FEEDBACK_TYPES.output} {
"""Id of the call."""
call: ID!
"""Name of the prompt."""
prompt: String!
"""The version that was asked by."""
version: String!
"""From 0 to 1, to a thousandth."""
score: Float!
comment: String
}`;
}

export function feedbackFieldSdl(): string {
  return `"""Says how good an answer of a prompt was. Said again by the same caller of the same call, it replaces what was said."""
${FEEDBACK_FIELD}(input: ${FEEDBACK_TYPES.input}!): ${FEEDBACK_TYPES.output}`;
}

/** The call behind the field. Without a keeper there is nothing that it could keep. */
export function feedbackCall(keeper: FeedbackKeeper | undefined): UnaryCall {
  return {
    type: 'unary',
    operation: FEEDBACK_FIELD,
    async invoke({ input }, context) {
      const feedback = input as FeedbackInput;
      const reason = mistakeIn(feedback);
      if (reason !== undefined) throw new SkeinError('BAD_USER_INPUT', reason);
      if (keeper === undefined) throw new SkeinError('STORE_UNAVAILABLE', 'Feedback is not kept here.');
      return keeper.keep(feedback, context);
    },
  };
}

function mistakeIn({ score, comment }: FeedbackInput): string | undefined {
  if (!(score >= 0 && score <= 1)) return 'The score must be from 0 to 1.';
  if (typeof comment === 'string' && comment.length > MOST_COMMENT)
    return `The comment must have ${MOST_COMMENT.toLocaleString('en')} characters at the most.`;
  return undefined;
}
