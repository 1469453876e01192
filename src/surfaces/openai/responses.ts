import type { ChatFormat } from '../format.ts';
import { openai, openaiError } from './failures.ts';
import { responsesAnswer } from './responses-answer.ts';
import { readResponsesRequest } from './responses-request.ts';
import { createResponsesStream } from './responses-stream.ts';

export const responses: ChatFormat = {
  read: readResponsesRequest,
  answer: responsesAnswer,
  stream: createResponsesStream,
  failedStream(failure) {
    const error = openaiError(failure);
    return `event: error\ndata: ${JSON.stringify({ ...error, type: 'error', error })}\n\n`;
  },
  headers: [],
  names: {
    messages: 'input',
    maxTokens: 'max_output_tokens',
    topP: 'top_p',
    reasoning: 'reasoning.effort',
    logprobs: 'top_logprobs',
    toolChoice: 'tool_choice',
    parallelToolCalls: 'parallel_tool_calls',
    output: 'text.format',
  },
  family: openai,
};
